import { reduceRows } from '@stepclock/nnls-solver';
import { backSubstitute } from '@stepclock/numerics';
import type { Dataset } from '../data/dataset.js';
import { above } from '../model/option-checks.js';
import { centredReduction } from './centred-reduction.js';
import { designOf } from './design.js';
import { LinearModel } from './linear-model.js';
import type { Term } from './term.js';

export interface RidgeOptions {
  readonly terms?: readonly Term[];
  /** Penalty on the squared coefficients of the columns scaled to standard deviation 1; above 0. Default 1. */
  readonly alpha?: number;
  /** Default true; the intercept is not penalised. Without one, columns are scaled to root mean square 1. */
  readonly intercept?: boolean;
}

/**
 * Ridge regression on standardised columns, `min sum w (y - X b)^2 + alpha |b_standardised|^2` (Hoerl and Kennard 1970). Collinear terms share
 * their effect instead of being refused; constant ones get 0. No inference: the estimates are biased by design.
 *
 * @throws Fault `regression/bad-option`, `regression/not-enough-rows`, `regression/missing-feature`
 *
 * @example
 * ridge(data, { alpha: 1 }).coefficients
 */
export const ridge = (data: Dataset, { terms: asked, alpha = 1, intercept = true }: RidgeOptions = {}): LinearModel => {
  above(0, 'alpha', alpha);
  const { terms, columns, range } = designOf(data, asked, intercept);
  const { weights } = data;
  const { centre, targetCentre, triangle, qty } = centredReduction(columns, data.target, weights, intercept);
  const total = weights === undefined ? data.target.length : weights.reduce((sum, weight) => sum + weight, 0);
  const size = terms.length;
  const deviations = triangle.map((column) => Math.hypot(...column) / Math.sqrt(total));
  // The penalty is `size` more rows, sqrt(alpha) on the diagonal, target 0: still a least-squares problem, still QR.
  const augmented = triangle.map((column, j) => {
    const rows = new Float64Array(2 * size);
    const deviation = deviations[j];
    if (deviation > 0) rows.set(column.map((value) => value / deviation));
    rows[size + j] = Math.sqrt(alpha);
    return rows;
  });
  const target = new Float64Array(2 * size);
  target.set(qty);
  const { r, qty: reduced } = reduceRows(augmented, target);
  const u = augmented.map((_, j) => Float64Array.from({ length: size }, (__, i) => r.get(i, j)));
  const coefficients = backSubstitute(u, reduced, size).map((value, j) => {
    const deviation = deviations[j];
    return deviation > 0 ? value / deviation : 0;
  });
  return new LinearModel(
    { estimator: 'ridge', terms, coefficients, centre, valueAtCentre: targetCentre, hasIntercept: intercept },
    range,
  );
};
