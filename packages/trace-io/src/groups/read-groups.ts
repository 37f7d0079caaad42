import { Fault, isFault } from '@stepclock/faults';
import { type ByteSource, bytesOf, type Input } from '../bytes/input.js';
import { NameIndex } from '../names/name-index.js';
import { RequestBuilder } from '../requests/request-builder.js';
import type { Exclusion, PhaseTrace } from '../trace.js';
import { type GroupRow, type GroupRowsOptions, groupRows } from './group-rows.js';

/** The requests of one engine out of a stream of many. */
export interface RequestGroup {
  readonly name: string;
  /** What kind of engine it is, where a column tells. */
  readonly label: string | null;
  readonly firstLine: number;
  /** Rows that came, taken or not. */
  readonly rows: number;
  /** Requests that were taken. */
  readonly used: number;
  /** Start of the first and of the last row that has one, s; null where none has. */
  readonly startSec: readonly [number, number] | null;
  /** Undefined where a row could not be read, or none was taken. */
  readonly trace: PhaseTrace | undefined;
  /** Why there is no trace. */
  readonly fault: Fault | undefined;
  readonly exclusions: readonly Exclusion[];
}

export interface ReadGroupsOptions extends GroupRowsOptions {
  /** For messages. Default `<stdin>`. */
  readonly file?: string;
}

/**
 * Groups of requests, one after another, as a distributed engine hands them to a process: rows of a group follow each other, by start. Memory: one group.
 * A row that cannot be read makes its own group's fault; what shows that rows are lost, mixed or doubled ends the stream.
 *
 * @throws Fault `trace-io/group-twice` for a group that comes again, `trace-io/unsorted-group` for a start before the one above,
 *   `trace-io/group-name` for a group without a name, and those of the rows
 */
export async function* readGroups(source: ByteSource, options: ReadGroupsOptions = {}): AsyncGenerator<RequestGroup> {
  const input: Input = { source: bytesOf(source), file: options.file ?? '<stdin>', onProgress: () => {} };
  const seen = new NameIndex();
  let current: GroupInTheMaking | undefined;
  for await (const row of groupRows(input, options)) {
    const name = row.text('group');
    if (name === null) {
      throw new Fault('trace-io/group-name', {
        what: 'group',
        file: input.file,
        line: row.line,
        rule: 'must be given',
      });
    }
    if (current?.name !== name) {
      if (current !== undefined) yield current.done();
      const before = seen.length;
      if (seen.internText(name) < before) {
        const rule = 'must have its rows one after another (DISTRIBUTE BY and SORT BY the group)';
        throw new Fault('trace-io/group-twice', { what: 'group', file: input.file, line: row.line, rule, value: name });
      }
      current = new GroupInTheMaking(name, row, input.file);
    }
    current.take(row);
  }
  if (current !== undefined) yield current.done();
}

/**
 * The requests of one engine, all of whose rows are there, by start.
 *
 * @throws Fault `trace-io/unsorted-group`
 */
export const groupOf = (name: string, rows: Iterable<GroupRow>, file: string): RequestGroup => {
  let group: GroupInTheMaking | undefined;
  for (const row of rows) {
    group ??= new GroupInTheMaking(name, row, file);
    group.take(row);
  }
  if (group === undefined) throw new RangeError('a group has a row');
  return group.done();
};

class GroupInTheMaking {
  readonly #builder: RequestBuilder;
  readonly #firstLine: number;
  readonly #label: string | null;
  #fault: Fault | undefined;
  #rows = 0;
  /** Requests that do not say when they were scheduled: then the queue is part of the prefill. */
  #unscheduled = 0;
  #first = Number.NaN;
  #last = Number.NaN;

  constructor(
    readonly name: string,
    row: GroupRow,
    private readonly file: string,
  ) {
    this.#builder = new RequestBuilder(file);
    this.#firstLine = row.line;
    this.#label = row.text('label');
  }

  take(row: GroupRow): void {
    this.#rows++;
    this.#attempted(() => this.#add(row));
  }

  /** A fault of a row is its group's; that rows are out of order is everybody's. */
  #attempted(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!isFault(error) || error.code === 'trace-io/unsorted-group') throw error;
      this.#fault ??= error;
    }
  }

  #add(row: GroupRow): void {
    const arrivalSec = row.number('queued');
    const scheduledSec = row.number('scheduled');
    this.#inOrder(Number.isNaN(arrivalSec) ? scheduledSec : arrivalSec, row.line);
    if (this.#fault !== undefined) return;
    const taken = this.#builder.add(row.text('request') ?? `row ${row.line}`, row.line, {
      arrivalSec,
      scheduledSec,
      firstTokenSec: row.number('first_token'),
      lastTokenSec: row.number('last_token'),
      promptTokens: row.number('prompt_tokens'),
      outputTokens: row.number('output_tokens'),
      cachedTokens: row.number('cached_tokens'),
      decodeSteps: row.number('decode_steps'),
      preemptions: row.number('preemptions'),
    });
    if (taken && Number.isNaN(scheduledSec)) this.#unscheduled++;
  }

  #inOrder(startSec: number, line: number): void {
    if (Number.isNaN(startSec)) return;
    if (startSec < this.#last) {
      const rule = `must be at or after the start of the row above, ${this.#last} (SORT BY the group and the start)`;
      throw new Fault('trace-io/unsorted-group', { what: 'start', file: this.file, line, rule, value: startSec });
    }
    if (Number.isNaN(this.#first)) this.#first = startSec;
    this.#last = startSec;
  }

  done(): RequestGroup {
    let trace: PhaseTrace | undefined;
    this.#attempted(() => {
      if (this.#fault === undefined) trace = this.#builder.trace(this.#facts());
    });
    return {
      name: this.name,
      label: this.#label,
      firstLine: this.#firstLine,
      rows: this.#rows,
      used: this.#builder.length,
      startSec: Number.isNaN(this.#first) ? null : [this.#first, this.#last],
      trace,
      fault: this.#fault,
      exclusions: this.#builder.exclusions,
    };
  }

  #facts() {
    return {
      format: 'grouped-requests',
      clock: "the engine's",
      timeUnit: 's',
      settings: {},
      queueInPrefill: this.#unscheduled > 0 ? 'yes' : 'no',
      firstTokenWithPrefill: true,
    } as const;
  }
}
