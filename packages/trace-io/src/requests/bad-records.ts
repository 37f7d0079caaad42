import { Fault } from '@stepclock/faults';
import type { Exclusion } from '../trace.js';
import { Exclusions } from './exclusions.js';

/** Share of a log's records that may be left out because they cannot be read, unless the caller says otherwise. */
export const MAX_BAD = 0.01;

/** Faults of one record; any other is a fault of the file. */
const OF_A_RECORD: ReadonlySet<string> = new Set([
  'trace-io/bad-json',
  'trace-io/not-utf8',
  'trace-io/missing-field',
  'trace-io/bad-field',
  'trace-io/bad-number',
  'trace-io/bad-count',
  'trace-io/bad-time',
  'trace-io/bad-value',
  'trace-io/bad-line',
  'trace-io/empty-cell',
  'trace-io/empty-phase',
  'trace-io/short-row',
  'trace-io/long-row',
  'trace-io/time-order',
]);
/** From so many on, reading ends once they are most of what was read: the file is another kind. */
const ENOUGH = 1000;
const REASONS_LISTED = 2;

/** Records of a log that cannot be read: left out and counted while they are few. */
export class BadRecords {
  readonly #exclusions = new Exclusions();
  #first: Fault | undefined;
  #count = 0;
  #seen = 0;

  constructor(private readonly maxBad: number) {}

  /** Takes a record, or leaves it out where it cannot be read. */
  attempt(line: number, take: () => void): void {
    this.#seen++;
    try {
      take();
    } catch (error) {
      this.#leaveOut(error, line);
    }
  }

  /** What a last line without its end holds; undefined, and left out, where it is cut: whoever wrote it was stopped. */
  whole<T>(line: number, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Fault && OF_A_RECORD.has(error.code))) throw error;
      this.#first ??= error;
      this.#exclusions.add('cut-line', 'a last line that is not whole', line);
      return undefined;
    }
  }

  /** What was left out. */
  list(): readonly Exclusion[] {
    return this.#exclusions.list().map((exclusion) => ({ ...exclusion, unreadable: true }));
  }

  /**
   * Ends the reading of a file of which `records` were read or left out for other reasons.
   *
   * @throws Fault of the first record that could not be read, where there are too many of them
   */
  finish(records: number): void {
    if (this.#count > this.maxBad * (records + this.#count)) throw this.#tooMany(records + this.#count);
  }

  /** The fault to tell of a file that gave nothing: that of its first bad record where there is one. */
  reasonFor(fault: unknown): unknown {
    if (this.#first === undefined || !(fault instanceof Fault)) return fault;
    return /\/no-(?:requests|rows)$/.test(fault.code) ? this.#tooMany(this.#count) : fault;
  }

  #leaveOut(error: unknown, line: number): void {
    if (!(error instanceof Fault && OF_A_RECORD.has(error.code))) throw error;
    this.#first ??= error;
    this.#count++;
    this.#exclusions.add(
      error.code.replace('trace-io/', ''),
      `records that cannot be read: ${error.what} ${error.rule}`,
      line,
    );
    if (this.#count >= ENOUGH && this.#count > this.#seen / 2) throw this.#tooMany(this.#seen);
  }

  #tooMany(of: number): unknown {
    const hint = this.#first?.hint;
    if (this.#first === undefined || of < 2) return this.#first;
    const reasons = this.list().map(({ reason, count, lines }) => `${count} ${reason} (lines ${lines.join(', ')})`);
    const listed = reasons.slice(0, REASONS_LISTED).join(', ') + (reasons.length > REASONS_LISTED ? ', ...' : '');
    const share = `${this.#count} of ${of} records cannot be read, above the ${100 * this.maxBad} % that may be left out (--max-bad): ${listed}`;
    return this.#first.with({ hint: hint === undefined ? share : `${hint}; ${share}` });
  }
}
