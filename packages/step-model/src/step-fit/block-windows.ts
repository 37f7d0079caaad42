import { robustSd } from '@stepclock/numerics';
import {
  fittedSeconds,
  fitWithPriors,
  inverseSeconds,
  type RowTable,
  rowBlocks,
  type StepWindow,
  stallsOf,
  type Weighting,
  windowOf,
  windowsOf,
} from '@stepclock/step-cost';

/** What is estimated: the mean of steps, or the middle of them, far ones counting less (then made to meet the measured time). */
export type StepEstimate = 'mean' | 'robust';

export interface BlockOptions {
  readonly weighting: Weighting;
  readonly estimate: StepEstimate;
  /** Whether stalls are set apart. */
  readonly apart: boolean;
  /** Into how many windows the block is cut. */
  readonly windows: number;
}

/** A block of steps as windows, and what was set apart. */
export interface BlockWindows {
  readonly windows: readonly StepWindow[];
  /** The fullest fit of the block. */
  readonly coefficients: Float64Array;
  /** 1 for a row that holds a stall; null where none was looked for. */
  readonly stalls: Uint8Array | null;
}

/** Passes that settle weights, stalls and far rows, each of which depends on the fit. */
const LEAST_PASSES = 2;
const MOST_PASSES = 10;
/** Huber's constant: 95 % efficient where steps are normal. */
const HUBER = 1.345;

/**
 * The windows of a block of steps: weights 1 / fitted seconds by the block's own fullest fit, stalls at weight 0.
 *
 * @param kindOf kind of a row, for stalls
 * @param start coefficients of the block before: where its steps look the same, they are the fit that weights and stalls go by
 */
export const blockWindows = (
  rows: RowTable,
  { weighting, estimate, apart, windows }: BlockOptions,
  kindOf: (i: number) => number,
  start?: Float64Array,
): BlockWindows => {
  const every = rows.terms.map((_, t) => t);
  const ranges = rowBlocks(rows, windows);
  const weightsBy = (coefficients: Float64Array, stalls: Uint8Array | null): Float64Array => {
    const weights = weighting === 'none' ? even(rows) : inverseSeconds(rows, coefficients);
    if (stalls !== null) for (let i = 0; i < weights.length; i++) if (stalls[i] === 1) weights[i] = 0;
    return estimate === 'robust' ? huberWeights(rows, coefficients, weights) : weights;
  };
  const cut = (weights: Float64Array, coefficients: Float64Array) =>
    windowsOf(rows, weights, coefficients, ranges, weighting).filter((window) => window.rows > 0);
  if (start !== undefined && estimate === 'mean') {
    const stalls = apart ? stallsOf(rows, start, kindOf) : new Uint8Array(rows.length);
    if (stalls !== null) return { windows: cut(weightsBy(start, stalls), start), coefficients: start, stalls };
  }
  let weights = weighting === 'none' ? even(rows) : inverseSeconds(rows);
  let coefficients: Float64Array = new Float64Array(every.length);
  let stalls: Uint8Array | null = null;
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const window = windowOf(rows, weights, coefficients, [0, rows.length], weighting);
    coefficients = fitWithPriors(window, every).coefficients;
    const found = apart ? stallsOf(rows, coefficients, kindOf) : null;
    const settled =
      found === null ? stalls === null : stalls !== null && found.every((mark, i) => mark === stalls?.[i]);
    stalls = found;
    weights = weightsBy(coefficients, stalls);
    if (settled && estimate === 'mean' && pass + 1 >= LEAST_PASSES) break;
  }
  return { windows: cut(weights, coefficients), coefficients, stalls };
};

const even = (rows: RowTable): Float64Array => Float64Array.from(rows.steps, (k) => (k > 0 ? 1 : 0));

/** Weights with far rows at less, by Huber's rule on residuals over the square root of the fitted time. */
const huberWeights = (rows: RowTable, coefficients: Float64Array, weights: Float64Array): Float64Array => {
  const scatter = Float64Array.from({ length: rows.length }, (_, i) => {
    const fitted = fittedSeconds(rows, coefficients, i);
    return weights[i] > 0 && fitted > 0 ? (rows.seconds[i] - fitted) / Math.sqrt(fitted) : Number.NaN;
  });
  const limit = HUBER * robustSd(scatter.filter((z) => !Number.isNaN(z)));
  return weights.map((w, i) => (w > 0 && Math.abs(scatter[i]) > limit ? (w * limit) / Math.abs(scatter[i]) : w));
};
