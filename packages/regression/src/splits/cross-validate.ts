import { type Dataset, takeDatasetRows } from '../data/dataset.js';
import { type RegressionMetrics, regressionMetrics } from '../metrics/regression-metrics.js';
import type { Fitter } from '../model/fitted-model.js';
import type { Split } from './split.js';

/** What cross-validation found. */
export interface CrossValidation {
  /** Metrics of each split's test rows, in the order of the splits. */
  readonly folds: readonly RegressionMetrics[];
  /** Prediction of each row by a model that had not seen it (the last one, if it was tested twice); `NaN` for rows never tested. */
  readonly outOfFold: Float64Array;
  /** Mean over the folds that have an r2; `null` when none has. */
  readonly meanR2: number | null;
  /** Population standard deviation of the same. */
  readonly sdR2: number | null;
}

/**
 * Fits on each split's training rows and scores its test rows. Errors of the fitter (say, a fold without rank) pass through.
 *
 * @example
 * crossValidate(data, (d) => leastSquares(d).model, kFoldSplits(data.target.length, { folds: 5, seed: 42 })).meanR2
 */
export const crossValidate = (data: Dataset, fitter: Fitter, splits: readonly Split[]): CrossValidation => {
  const outOfFold = new Float64Array(data.target.length).fill(Number.NaN);
  const folds = splits.map(({ train, test }) => {
    const model = fitter(takeDatasetRows(data, train));
    const held = takeDatasetRows(data, test);
    const predicted = model.predict(held.features);
    test.forEach((row, k) => {
      outOfFold[row] = predicted[k];
    });
    return regressionMetrics(held.target, predicted);
  });
  const scores = folds.flatMap(({ r2 }) => (r2 === null ? [] : [r2]));
  const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
  const variance = scores.reduce((a, b) => a + (b - mean) ** 2, 0) / scores.length;
  const defined = scores.length > 0;
  return { folds, outOfFold, meanR2: defined ? mean : null, sdR2: defined ? Math.sqrt(variance) : null };
};
