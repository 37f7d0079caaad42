import { DECODE, type PhaseTable, PREFILL } from '@stepclock/trace-io';
import { clockProblem } from '../src/step-clock/clock/clock-problem.js';
import {
  type TracePart,
  traceColumns,
  WHOLE_TRACE,
  type Window,
  wholeParts,
} from '../src/step-clock/trace/trace-columns.js';

/** A phase by hand: a request's name, start and end in seconds, tokens. */
export interface ListedPhase {
  readonly kind: 'prefill' | 'decode';
  readonly request: string;
  readonly start: number;
  readonly end: number;
  readonly tokens: number;
  readonly steps?: number;
  readonly cached?: number;
  readonly engine?: number;
}

type Extras = Pick<ListedPhase, 'steps' | 'cached' | 'engine'>;

export const prefill = (request: string, start: number, end: number, tokens: number, extras: Extras = {}) =>
  ({ kind: 'prefill', request, start, end, tokens, ...extras }) as const;

export const decode = (request: string, start: number, end: number, tokens: number, extras: Extras = {}) =>
  ({ kind: 'decode', request, start, end, tokens, ...extras }) as const;

/** The table of a list of phases, in its order; columns that no phase speaks of are absent. */
export const tableOf = (list: readonly ListedPhase[]): PhaseTable => {
  const names = [...new Set(list.map((p) => p.request))];
  const column = (value: (phase: ListedPhase) => number): Float64Array => Float64Array.from(list, value);
  const some = (field: keyof Extras): boolean => list.some((p) => p[field] !== undefined);
  const engines = Math.max(0, ...list.map((p) => p.engine ?? 0)) + 1;
  return {
    length: list.length,
    kind: Uint8Array.from(list, (p) => (p.kind === 'prefill' ? PREFILL : DECODE)),
    startSec: column((p) => p.start),
    endSec: column((p) => p.end),
    prefillTokens: column((p) => (p.kind === 'prefill' ? p.tokens : 0)),
    decodeTokens: column((p) => (p.kind === 'decode' ? p.tokens : 0)),
    ...(some('steps') && { steps: column((p) => p.steps ?? Number.NaN) }),
    ...(some('cached') && { cachedTokens: column((p) => p.cached ?? 0) }),
    ...(some('engine') && {
      instance: Uint32Array.from(list, (p) => p.engine ?? 0),
      instanceIds: { length: engines, at: (i) => `engine ${i}` },
    }),
    request: Uint32Array.from(list, (p) => names.indexOf(p.request)),
    requestIds: { length: names.length, at: (i) => names[i] },
  };
};

/** Two requests that overlap: A decodes alone from 2 to 5, with B from 5 to 8, and B ends alone at 9. */
export const twoRequests: readonly ListedPhase[] = [
  prefill('A', 0, 2, 100),
  decode('A', 2, 8, 6),
  prefill('B', 3, 5, 60),
  decode('B', 5, 9, 4),
];

/** What the step clock makes of a list of phases, or of some windows of it. */
export const problemOf = (list: readonly ListedPhase[], windows?: readonly Window[]) =>
  clockProblem(traceColumns(tableOf(list), partsIn(tableOf(list), windows)));

/** Every engine of a table in each of some windows, or whole. */
export const partsIn = (table: PhaseTable, windows: readonly Window[] = [WHOLE_TRACE]): readonly TracePart[] =>
  windows.flatMap((window) => wholeParts(table, window));
