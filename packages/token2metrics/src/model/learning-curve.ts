import { seededRandom, shuffled } from '@stepclock/numerics';
import { median } from 'd3-array';
import { cannotBeFitted } from '../regressors/cannot-be-fitted.js';
import type { RegressorOptions } from '../regressors/regressor.js';
import { fitRegressor, type RegressorName } from '../regressors/regressors.js';
import { foldsOf } from '../table/settings.js';
import { type MetricRows, takeMetricRows } from './training-rows.js';

export interface LearningPoint {
  readonly rows: number;
  /** Median over the folds of the held-out MAPE, percent. */
  readonly mapePercent: number;
}

/** Fewest rows tried; each next size is twice the last. */
const FIRST_SIZE = 10;

/** Error on settings left out against the number of training rows: whether more measurements would help. */
export const learningCurve = (
  all: MetricRows,
  regressor: RegressorName,
  options: RegressorOptions = {},
): LearningPoint[] => {
  const entries = Int32Array.from(all.setting.keys());
  const folds = foldsOf(all.setting, options.seed);
  const count = Math.max(...folds) + 1;
  const largest = Math.floor((all.target.length * (count - 1)) / count);
  const sizes: number[] = [];
  for (let size = FIRST_SIZE; size < largest; size *= 2) sizes.push(size);
  sizes.push(largest);
  const random = seededRandom(options.seed ?? 0, 'learning curve');
  const order = shuffled(all.target.length, random);
  return sizes.flatMap((rows) => {
    const errors: number[] = [];
    for (let fold = 0; fold < count; fold++) {
      const held = (k: number) => folds[k] === fold;
      const test = takeMetricRows(all, entries.filter(held));
      const train = Int32Array.from(order)
        .filter((k) => !held(k))
        .slice(0, rows)
        .sort();
      if (test.target.length === 0 || train.length === 0) continue;
      try {
        const predicted = fitRegressor(regressor, takeMetricRows(all, train), options).predict(test.tokens);
        const sum = predicted.reduce((total, value, i) => total + Math.abs(value / test.target[i] - 1), 0);
        errors.push((100 * sum) / predicted.length);
      } catch (error) {
        if (!cannotBeFitted(error)) throw error;
      }
    }
    const mapePercent = median(errors);
    return mapePercent === undefined ? [] : [{ rows, mapePercent }];
  });
};
