import { runningSum } from './active-sum.js';
import { integralBetween, type PrefixIntegral } from './prefix-integral.js';
import type { TimeGrid } from './time-grid.js';

/** Prefills with something missing in their last chunk: the only phases that a correction on the last step touches. */
export interface LastSteps {
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
  let count = 0;
  for (let i = 0; i < missing.length; i++) if (lacks(missing, steps, i)) count++;
  const result: LastSteps = {
    startIndex: new Uint32Array(count),
    endIndex: new Uint32Array(count),
    missing: new Float64Array(count),
    steps: new Float64Array(count),
    hint: new Uint32Array(count),
  };
  for (let i = 0, k = 0; i < missing.length; i++) {
    if (!lacks(missing, steps, i)) continue;
    result.startIndex[k] = grid.startIndex[i] as number;
    result.endIndex[k] = grid.endIndex[i] as number;
    result.missing[k] = missing[i] as number;
    result.steps[k] = steps[i] as number;
    result.hint[k] = (grid.endIndex[i] as number) - 1;
    k++;
  }
  return result;
};

const lacks = (missing: Float64Array, steps: Float64Array, i: number): boolean =>
  (missing[i] as number) > 0 && (steps[i] as number) > 0;

/**
 * The correction on each phase's last expected step, as tokens per step: `c(t) / lambda(t)` (mode `beta_informed`).
 *
 * With L the integral of lambda over the phase, the window is its last `L / N` steps. The missing tokens spread over it in
 * proportion to lambda, which is the constant `missing / (L / N)` per step; the part on the window's first, cut segment
 * becomes a rate over that whole segment. The integral of `result * lambda` is the sum of what is missing.
 *
 * @param density lambda on every segment, steps/s
 * @param densityIntegral its prefix integral
 * @param into one value a boundary, overwritten
 */
export const lastStepCorrection = (
  grid: TimeGrid,
  last: LastSteps,
  density: Float64Array,
  densityIntegral: PrefixIntegral,
  into: Float64Array = new Float64Array(grid.segmentCount + 1),
): Float64Array => {
  const { segmentSec, segmentCount } = grid;
  const { startIndex, endIndex, missing, steps, hint } = last;
  into.fill(0);
  for (let k = 0; k < missing.length; k++) {
    const start = startIndex[k] as number;
    const end = endIndex[k] as number;
    const all = integralBetween(densityIntegral, start, end);
    // A count below one asks for more than the phase has: the window is then the phase.
    const window = Math.min(all / (steps[k] as number), all);
    const j = windowStart(densityIntegral, start, end, window, hint[k] as number);
    hint[k] = j;
    const perStep = (missing[k] as number) / window;
    // Steps of the window on its cut segment, as a share of all steps there.
    const onCut = window - integralBetween(densityIntegral, j + 1, end);
    const share = Math.min(Math.max(onCut / ((density[j] as number) * (segmentSec[j] as number)), 0), 1);
    const first = perStep * share;
    into[j] = (into[j] as number) + first;
    into[j + 1] = (into[j + 1] as number) + (perStep - first);
    into[end] = (into[end] as number) - perStep;
  }
  const perStep = runningSum(into, segmentCount);
  // What rounding leaves where the last window has closed may be a hair under zero.
  for (let j = 0; j < segmentCount; j++) perStep[j] = Math.max(perStep[j] as number, 0);
  return perStep;
};

/**
 * The last segment j of the phase from whose start at least `window` steps remain: gallops from the hint, then halves the
 * interval, so O(log distance), and O(1) once the coefficients have nearly settled.
 */
const windowStart = (integral: PrefixIntegral, start: number, end: number, window: number, hint: number): number => {
  let low = start;
  let high = end;
  // Invariant: enough remains at `low` (or it is the start), too little at `high` (or it is the end).
  if (integralBetween(integral, hint, end) >= window) {
    low = hint;
    for (let reach = 1; low + reach < end; reach *= 2) {
      if (integralBetween(integral, low + reach, end) >= window) low += reach;
      else {
        high = low + reach;
        break;
      }
    }
  } else {
    high = hint;
    for (let reach = 1; high - reach > start; reach *= 2) {
      if (integralBetween(integral, high - reach, end) >= window) {
        low = high - reach;
        break;
      }
      high -= reach;
    }
  }
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (integralBetween(integral, middle, end) >= window) low = middle;
    else high = middle;
  }
  return low;
};
