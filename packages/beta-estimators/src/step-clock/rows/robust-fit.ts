import { medianOf } from '@stepclock/numerics';
import { fittedColumn, fitWithPriors, type RowTable, windowOf } from '@stepclock/step-cost';
import { NORMAL_QUARTILE } from './noise.js';

export interface RobustFit {
  /** By term, s. */
  readonly coefficients: Float64Array;
  /** The weights given, times what the bisquare left of them. */
  readonly weights: Float64Array;
  /** Robust standard deviation of a step, relative. */
  readonly scale: number;
}

/** Tukey's constant: 95 % efficient on normal residuals. */
const BISQUARE = 4.685;
const PASSES = 12;
/** The first passes cut further out, so that a poor start does not throw good rows away. */
const WIDE_PASSES = 3;
const LEAST_SCALE = 1e-9;

/** Weighted least squares of rows, with bounds and priors. */
export const weightedFit = (rows: RowTable, weights: Float64Array): Float64Array => {
  const every = rows.terms.map((_, t) => t);
  return fitWithPriors(windowOf(rows, weights, new Float64Array(every.length)), every).coefficients;
};

/**
 * Regression that leaves out what does not belong: iteratively reweighted with Tukey's bisquare on residuals relative to a
 * step, scaled by their median. Rows of weight zero take no part.
 *
 * Maronna, Martin, Yohai and Salibian-Barrera, Robust Statistics (2nd ed., 2019), section 5.4. doi:10.1002/9781119214656
 */
export const robustFit = (rows: RowTable, given: Float64Array): RobustFit => {
  const { length } = rows;
  const z = new Float64Array(length);
  let weights = given;
  let coefficients = weightedFit(rows, weights);
  let scale = LEAST_SCALE;
  for (let pass = 0; pass < PASSES; pass++) {
    const fitted = fittedColumn(rows, coefficients);
    const magnitudes = new Float64Array(length);
    let counted = 0;
    for (let i = 0; i < length; i++) {
      const seconds = rows.seconds[i];
      z[i] = ((seconds - fitted[i]) / seconds) * Math.sqrt(rows.steps[i]);
      if (given[i] > 0) magnitudes[counted++] = Math.abs(z[i]);
    }
    scale = Math.max(LEAST_SCALE, (counted === 0 ? 0 : medianOf(magnitudes.subarray(0, counted))) / NORMAL_QUARTILE);
    const cut = BISQUARE * scale * (pass < WIDE_PASSES ? 2 : 1);
    weights = given.map((w, i) => w * Math.max(0, 1 - (z[i] / cut) ** 2) ** 2);
    coefficients = weightedFit(rows, weights);
  }
  return { coefficients, weights, scale };
};
