import { runningSum } from './active-sum.js';
import { type PrefixSums, sumBetween } from './prefix-sum.js';
import type { TimeGrid } from './time-grid.js';

/** Prefills with something missing in their last chunk: the only phases that a correction on the last step touches. */
export interface LastSteps {
  /** How many there are, and how many of them, the first ones, took one step: their last step is the whole phase. */
  readonly length: number;
  readonly wholes: number;
  /** Row of the phase. */
  readonly row: Uint32Array;
  readonly startIndex: Uint32Array;
  readonly endIndex: Uint32Array;
  /** mu, tokens. */
  readonly missing: Float64Array;
  /** N, steps, positive. */
  readonly steps: Float64Array;
  /** Where each window was found last time, so that the next search begins there. */
  readonly hint: Uint32Array;
}

/** Collects the phases that lack tokens in their last chunk. */
export const lastSteps = (grid: TimeGrid, missing: Float64Array, steps: Float64Array): LastSteps => {
  let length = 0;
  let wholes = 0;
  for (let i = 0; i < missing.length; i++) {
    if (!lacks(missing, steps, i)) continue;
    length++;
    if (isWhole(steps, i)) wholes++;
  }
  const row = new Uint32Array(length);
  let whole = 0;
  let part = wholes;
  for (let i = 0; i < missing.length; i++) {
    if (!lacks(missing, steps, i)) continue;
    if (isWhole(steps, i)) row[whole++] = i;
    else row[part++] = i;
  }
  const result: LastSteps = {
    length,
    wholes,
    row,
    startIndex: new Uint32Array(length),
    endIndex: new Uint32Array(length),
    missing: new Float64Array(length),
    steps: new Float64Array(length),
    hint: new Uint32Array(length),
  };
  for (let k = 0; k < length; k++) {
    const i = row[k];
    result.startIndex[k] = grid.startIndex[i];
    result.endIndex[k] = grid.endIndex[i];
    result.missing[k] = missing[i];
    result.steps[k] = steps[i];
    result.hint[k] = grid.endIndex[i] - 1;
  }
  return result;
};

const lacks = (missing: Float64Array, steps: Float64Array, i: number): boolean => missing[i] > 0 && steps[i] > 0;

/** A count below one asks for a window longer than the phase: it is then the phase, as for a count of one. */
const isWhole = (steps: Float64Array, i: number): boolean => steps[i] <= 1;

/**
 * The correction on each phase's last expected step, as tokens per step: `c(t) / lambda(t)` (mode `beta_informed`).
 *
 * With L the steps that pass during the phase (the integral of lambda), the window is its last `L / N` of them. The missing
 * tokens spread over it in proportion to lambda, which is the constant `missing / (L / N)` per step; the part on the window's
 * first, cut segment becomes a rate over that whole segment. Tokens are conserved: the sum over the segments of
 * `result * stepsOnSegment` is the sum of what is missing.
 *
 * @param passed L of every phase, by row
 * @param stepsOnSegment `lambda_j dt_j`, positive
 * @param runningSteps its prefix sums
 * @param into one value a boundary, overwritten; the answer is a view of it
 */
export const lastStepCorrection = (
  last: LastSteps,
  passed: Float64Array,
  stepsOnSegment: Float64Array,
  runningSteps: PrefixSums,
  into: Float64Array = new Float64Array(stepsOnSegment.length + 1),
): Float64Array => {
  into.fill(0);
  const { wholes, row, startIndex, endIndex, missing } = last;
  for (let k = 0; k < wholes; k++) {
    const start = startIndex[k];
    const end = endIndex[k];
    const perStep = missing[k] / passed[row[k]];
    into[start] = into[start] + perStep;
    into[end] = into[end] - perStep;
  }
  addCutWindows(last, passed, stepsOnSegment, runningSteps, into);
  return runningSum(into, stepsOnSegment.length);
};

/** Adds the changes at the boundaries of the windows that begin inside their phase. */
const addCutWindows = (
  { length, wholes, row, startIndex, endIndex, missing, steps, hint }: LastSteps,
  passed: Float64Array,
  stepsOnSegment: Float64Array,
  runningSteps: PrefixSums,
  change: Float64Array,
): void => {
  for (let k = wholes; k < length; k++) {
    const end = endIndex[k];
    const window = passed[row[k]] / steps[k];
    let j = hint[k];
    let onCut = window - sumBetween(runningSteps, j + 1, end);
    if (!(onCut >= 0 && onCut <= stepsOnSegment[j])) {
      j = windowStart(runningSteps, startIndex[k], end, window, j);
      hint[k] = j;
      onCut = window - sumBetween(runningSteps, j + 1, end);
    }
    const perStep = missing[k] / window;
    const first = perStep * Math.min(Math.max(onCut / stepsOnSegment[j], 0), 1);
    change[j] = change[j] + first;
    change[j + 1] = change[j + 1] + (perStep - first);
    change[end] = change[end] - perStep;
  }
};

/**
 * The last segment j of the phase from whose start at least `window` steps remain: gallops from the hint, then halves the
 * interval, so O(log distance), and O(1) once the coefficients have nearly settled.
 */
const windowStart = (running: PrefixSums, start: number, end: number, window: number, hint: number): number => {
  let low = start;
  let high = end;
  // Invariant: enough remains at `low` (or it is the start), too little at `high` (or it is the end).
  if (sumBetween(running, hint, end) >= window) {
    low = hint;
    for (let reach = 1; low + reach < end; reach *= 2) {
      if (sumBetween(running, low + reach, end) >= window) low += reach;
      else {
        high = low + reach;
        break;
      }
    }
  } else {
    high = hint;
    for (let reach = 1; high - reach > start; reach *= 2) {
      if (sumBetween(running, high - reach, end) >= window) {
        low = high - reach;
        break;
      }
      high -= reach;
    }
  }
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (sumBetween(running, middle, end) >= window) low = middle;
    else high = middle;
  }
  return low;
};
