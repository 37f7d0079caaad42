import { Fault } from '@stepclock/faults';
import { FARTHEST_SEC } from '../../bounds/clock-range.js';
import { MOST_TOKENS } from '../../bounds/count-range.js';
import { idleLimit } from '../../bounds/idle-limit.js';
import { attempted, type Input } from '../../bytes/input.js';
import { linesOf } from '../../json/json-lines.js';
import { StepColumns } from '../../tables/step-columns.js';
import type { FileFacts, Trace } from '../../trace.js';
import type { ReadOptions } from '../trace-format.js';

/** A line of a log, with what it says of itself. */
export interface LogLine {
  readonly text: string;
  readonly line: number;
  /** A complaint about it. */
  readonly fault: (kind: 'bad-line' | 'bad-number' | 'bad-count', what: string, value: unknown, rule: string) => Fault;
}

/** What reading a log of steps gives to each of its lines that may matter. */
export interface StepLogReader {
  /** Words of which a line must have one to be looked at. */
  readonly marks: readonly string[];
  /** What a log must have, for messages. */
  readonly must: string;
  readonly take: (line: LogLine, columns: StepColumns) => void;
  /** At the end of the log. */
  readonly finish?: (columns: StepColumns) => void;
  /** What the log tells of itself, when it has been read. */
  readonly facts: Omit<FileFacts, 'settings'>;
  readonly exclusions?: () => Trace['exclusions'];
  /** What a log without a step tells all the same. */
  readonly without?: () => Trace | undefined;
}

/** Reads a log of lines of text as steps. Lines without a mark are passed over. */
export async function readStepLog(input: Input, options: ReadOptions, reader: StepLogReader): Promise<Trace> {
  const columns = new StepColumns(options.onSteps, options.stepsAtOnce);
  const decoder = new TextDecoder();
  const watch = idleLimit(input.file, 'a step', 'lines');
  let lastLine = 1;
  for await (const { line, bytes, isEnded } of linesOf(input)) {
    lastLine = line;
    const text = decoder.decode(bytes);
    const matters = reader.marks.some((mark) => text.includes(mark));
    watch(matters, line);
    if (!matters) continue;
    const fault: LogLine['fault'] = (kind, what, value, rule) =>
      new Fault(`trace-io/${kind}`, { what, file: input.file, line, value, rule });
    // Progress bars and other carriage returns put several lines on what is one here.
    const take = (): void => {
      for (const part of text.split('\r')) if (part !== '') reader.take({ text: part, line, fault }, columns);
    };
    if (isEnded || input.bad === undefined) attempted(input, line, take);
    else input.bad.whole(line, take);
  }
  reader.finish?.(columns);
  if (columns.length === 0) {
    const other = reader.without?.();
    if (other !== undefined) return other;
    throw new Fault('trace-io/no-rows', { what: 'file', file: input.file, line: lastLine, rule: reader.must });
  }
  columns.flush();
  return {
    kind: 'steps',
    facts: { ...reader.facts, settings: options.settings },
    steps: columns.table(),
    exclusions: reader.exclusions?.() ?? [],
  };
}

/** @throws Fault `trace-io/no-rows` for a file that gave no step */
export function refuseNoSteps(columns: { readonly length: number }, file: string): void {
  if (columns.length > 0) return;
  throw new Fault('trace-io/no-rows', { what: 'file', file, line: 1, rule: 'must have at least one step' });
}

/** A whole number of a line's words. */
export function countIn(line: LogLine, what: string, word: string | undefined): number {
  const value = Number(word);
  if (value >= 0 && value <= MOST_TOKENS && Number.isInteger(value)) return value;
  throw line.fault('bad-count', what, word, `must be a whole number from 0 to ${MOST_TOKENS}`);
}

/** Seconds of a line's words, given in a part of a second. */
export function secondsIn(line: LogLine, what: string, word: string | undefined, perSecond: number): number {
  const value = word === undefined || word === '' ? Number.NaN : Number(word) / perSecond;
  if (value >= 0 && value <= FARTHEST_SEC) return value;
  throw line.fault('bad-number', what, word, `must be a number, at most ${FARTHEST_SEC} s`);
}

/** Seconds of `MM-DD hh:mm:ss`, in a year that no log names; NaN where a line has none. */
export function stampOf(found: RegExpExecArray | null): number {
  if (found === null) return Number.NaN;
  const [, month, day, hour, minute, second] = found.map(Number);
  return Date.UTC(2000, (month ?? 1) - 1, day, hour, minute, second) / 1000;
}

/** Names of containers that `docker compose logs` and `kubectl logs --prefix` put before each line. */
const COMPOSE = /^\s*([\w.-]+) +\| /;
const POD = /^\[(pod\/[\w./-]+)\] /;

/** An engine's name with the container that a line says it comes from: several servers may be merged into one log. */
export function engineNamed(text: string, engine: string): string {
  const found = text.startsWith('[pod/') ? POD.exec(text) : text.includes(' | ') ? COMPOSE.exec(text) : null;
  return found === null ? engine : `${found[1]} ${engine}`.trimEnd();
}
