import { DECODE, type PhaseTable } from '@stepclock/trace-io';
import type { Window } from './trace-columns.js';

const WINDOWS = 4;
/** Decodes a window: at least, and by mean of active decodes, so that the ones that its edges cut are few. */
const LEAST_DECODES = 1500;
const TIMES_ACTIVE = 10;
/** A sample is worth its trouble when the trace is this many times larger. */
const WORTH = 4;

/** A trace of more phases is fitted on stretches of it: so many more would cost memory and tell nothing that these do not. */
export const MOST_PHASES = 4_000_000;
const STRETCHES = 16;
/** The stretches' decodes together, as a share of `MOST_PHASES`: with as many prefills beside them, a million phases. */
const STRETCHED_SHARE = 1 / 8;

/**
 * A few windows of a long trace, spread evenly over its decodes, to find the coefficients on before the whole trace is looked
 * at. Undefined for a trace that is fitted as fast itself.
 */
export const sampleWindows = (phases: PhaseTable, within: Window): readonly Window[] | undefined => {
  const starts = decodeStarts(phases, within);
  return starts.count > WORTH * WINDOWS * starts.least ? evenWindows(starts, WINDOWS, starts.least) : undefined;
};

/**
 * What of a trace is fitted in the end: all of it, or of a trace of more than `most` phases sixteen stretches, spread evenly over its decodes, that hold an eighth of
 * `most` decodes together.
 */
export const fittedWindows = (phases: PhaseTable, within: Window, most: number): readonly Window[] => {
  if (!(phases.length > most)) return [within];
  const starts = decodeStarts(phases, within);
  const size = Math.max(starts.least, Math.ceil((STRETCHED_SHARE * most) / STRETCHES));
  const worth = starts.phases > most && starts.count > 2 * STRETCHES * size;
  return worth ? evenWindows(starts, STRETCHES, size) : [within];
};

interface DecodeStarts {
  /** Starts of every `stride`-th decode, s, ascending. */
  readonly sorted: Float64Array;
  readonly stride: number;
  /** Decodes, and phases of any kind, that begin in the window. */
  readonly count: number;
  readonly phases: number;
  /** Decodes that a window must have at least. */
  readonly least: number;
}

const decodeStarts = (phases: PhaseTable, [from, to]: Window): DecodeStarts => {
  // Where there are so many, places among them are told from some.
  const stride = Math.max(1, Math.floor(phases.length / MOST_PHASES));
  const starts = new Float64Array(Math.ceil(phases.length / stride));
  let begun = 0;
  let count = 0;
  let active = 0;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < phases.length; i++) {
    const start = phases.startSec[i];
    if (!(start >= from && start < to)) continue;
    begun++;
    if (phases.kind[i] !== DECODE) continue;
    const end = phases.endSec[i];
    if (count % stride === 0) starts[count / stride] = start;
    count++;
    active += end - start;
    first = Math.min(first, start);
    last = Math.max(last, end);
  }
  return {
    sorted: starts.subarray(0, Math.ceil(count / stride)).sort(),
    stride,
    count,
    phases: begun,
    least: Math.max(LEAST_DECODES, Math.ceil((TIMES_ACTIVE * active) / (last - first))),
  };
};

/** Windows of `size` decodes, each in the middle of its part of the trace. */
const evenWindows = ({ sorted, stride, count }: DecodeStarts, windows: number, size: number): readonly Window[] => {
  const at = (index: number): number => sorted[Math.floor(index / stride)];
  return Array.from({ length: windows }, (_, w): Window => {
    const middle = Math.floor(((w + 0.5) * count) / windows);
    return [at(middle - (size >> 1)), at(middle + (size >> 1))];
  });
};
