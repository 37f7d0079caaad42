import { seededRandom } from '@stepclock/numerics';
import type { Dataset } from '../data/dataset.js';
import { designOf } from '../linear/design.js';
import { LinearModel } from '../linear/linear-model.js';
import type { Term } from '../linear/term.js';
import { meanOf } from '../metrics/compensated-sum.js';
import { medianOf } from '../metrics/quantile-sorted.js';
import { wholeNumberFrom } from '../model/option-checks.js';
import { RegressionError } from '../regression-error.js';
import { spatialMedian } from './spatial-median.js';
import { fitRows, residualsOf, sampleRows } from './subset-fit.js';

export interface TheilSenOptions {
  readonly terms?: readonly Term[];
  /** Random subsets of rows, at most; default 10,000. One feature with no more pairs than that is done over all pairs. */
  readonly subsets?: number;
  /** Default 42. */
  readonly seed?: number;
}

/** A Theil-Sen fit. */
export interface TheilSenFit {
  readonly model: LinearModel;
  /** Subsets that determined the coefficients. */
  readonly subsets: number;
}

/**
 * Theil-Sen regression: for one term the median of the slopes of pairs of rows (Theil 1950, Sen 1968); for more, the spatial median of the
 * coefficients of random subsets (Dang, Peng, Wang and Zhang 2009), taken on columns scaled to standard deviation 1, so that units do not
 * matter. The intercept is the median of what is left. Breaks down at 29 % outliers for one term, at fewer for more. Weights are not used.
 *
 * @throws RegressionError `regression/rank-deficient` when no subset determines the coefficients
 */
export const theilSen = (data: Dataset, options: TheilSenOptions = {}): TheilSenFit => {
  const { seed = 42 } = options;
  const limit = wholeNumberFrom(1, 'subsets', options.subsets ?? 10_000);
  const { terms, columns, range } = designOf(data, options.terms, true);
  const { target } = data;
  const n = target.length;
  const size = terms.length;
  const random = seededRandom(seed, 'theil-sen');

  const deviations = columns.map((column) => {
    const mean = meanOf(column);
    return Math.sqrt(meanOf(column.map((value) => (value - mean) ** 2)));
  });
  const found: number[] = [];
  const take = (rows: ArrayLike<number>): void => {
    const fit = fitRows(columns, target, rows, true);
    fit?.coefficients.forEach((value, j) => {
      found.push(value * deviations[j]);
    });
  };
  if (size === 1 && (n * (n - 1)) / 2 <= limit) {
    for (let i = 0; i < n; i++) for (let k = i + 1; k < n; k++) take([i, k]);
  } else {
    for (let s = 0; s < limit; s++) take(sampleRows(n, size + 1, random));
  }
  if (found.length === 0 && size > 0) {
    throw new RegressionError(
      'regression/rank-deficient',
      `Theil-Sen: some subset of ${size + 1} rows must determine the coefficients; got none`,
      { value: 0 },
    );
  }
  const points = Float64Array.from(found);
  const scaled = size === 1 ? Float64Array.of(medianOf(points)) : spatialMedian(points, size);
  const coefficients = scaled.map((value, j) => value / deviations[j]);
  const centre = Float64Array.from(columns, (column) => medianOf(column));
  const valueAtCentre = medianOf(residualsOf(columns, target, { coefficients, centre, valueAtCentre: 0 }));
  return {
    model: new LinearModel(
      { estimator: 'theil-sen', terms, coefficients, centre, valueAtCentre, hasIntercept: true },
      range,
    ),
    subsets: size === 0 ? 0 : found.length / size,
  };
};
