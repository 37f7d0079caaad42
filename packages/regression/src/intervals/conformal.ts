import { type Dataset, takeDatasetRows } from '../data/dataset.js';
import type { FeatureTable } from '../data/feature-table.js';
import type { FittedModel, Fitter } from '../model/fitted-model.js';
import { RegressionError } from '../regression-error.js';
import { kFoldSplits, type Split } from '../splits/split.js';

/** Columns of one value a row, in the target's unit. */
export interface ConformalIntervals {
  readonly mean: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Intervals that hold for any model and any noise, so long as new rows come from where the old ones came. */
export interface ConformalPredictor {
  readonly method: 'split' | 'jackknife+';
  readonly level: number;
  /** Rows whose residuals the intervals rest on. */
  readonly calibrationRows: number;
  predict(features: FeatureTable): ConformalIntervals;
}

/** `absolute`: residuals in the target's unit. `relative`: residuals over |prediction|, for noise that grows with the value. */
export type ConformityScore = 'absolute' | 'relative';

export interface SplitConformalOptions {
  /** Default 0.9. */
  readonly level?: number;
  readonly score?: ConformityScore;
}

/** A conformal predictor with one radius. */
export interface SplitConformal extends ConformalPredictor {
  readonly method: 'split';
  readonly score: ConformityScore;
  /** Half width, in the target's unit or as a share of the prediction. */
  readonly radius: number;
}

const checkLevel = (level: number): void => {
  if (!(level > 0 && level < 1)) {
    throw new RegressionError('regression/bad-option', `level: must lie between 0 and 1; got ${level}`, {
      feature: 'level',
      value: level,
      expected: '0 < level < 1',
    });
  }
};

/** Which order statistic (from 1) of n scores bounds the next one with probability `level`: `ceil((n + 1) level)`, guarded against rounding. */
const rankFor = (level: number, n: number): number => {
  const rank = Math.ceil((n + 1) * level - 1e-9);
  if (rank > n) {
    const needed = Math.ceil(level / (1 - level) - 1e-9);
    throw new RegressionError(
      'regression/not-enough-rows',
      `calibration: must have at least ${needed} rows for a level of ${level}; got ${n}`,
      { value: n, expected: `at least ${needed}` },
    );
  }
  return rank;
};

/**
 * Split conformal intervals (Vovk; Lei et al. 2018, doi:10.1080/01621459.2017.1307116): the radius is an order statistic of the residuals on
 * rows that the model has not seen. Covers a new row with probability at least `level`, whatever the model.
 *
 * @param calibration rows that were NOT used to fit the model
 * @throws RegressionError `regression/not-enough-rows` when they are too few for the level
 */
export const splitConformal = (
  model: FittedModel,
  calibration: Dataset,
  { level = 0.9, score = 'absolute' }: SplitConformalOptions = {},
): SplitConformal => {
  checkLevel(level);
  const n = calibration.target.length;
  const rank = rankFor(level, n);
  const predicted = model.predict(calibration.features);
  const scores = calibration.target.map((y, i) => {
    const value = predicted[i];
    const size = Math.abs(y - value);
    if (score === 'absolute') return size;
    if (value === 0) {
      throw new RegressionError(
        'regression/bad-column',
        `prediction: must not be 0 for a relative score; got 0 (row ${i})`,
        {
          row: i,
          value,
        },
      );
    }
    return size / Math.abs(value);
  });
  const radius = scores.sort()[rank - 1];
  return {
    method: 'split',
    level,
    score,
    radius,
    calibrationRows: n,
    predict: (features) => {
      const mean = model.predict(features);
      const reach = (value: number): number => (score === 'absolute' ? radius : radius * Math.abs(value));
      return { mean, low: mean.map((value) => value - reach(value)), high: mean.map((value) => value + reach(value)) };
    },
  };
};

export interface JackknifeOptions {
  /** Default 0.9. */
  readonly level?: number;
  /** Models that are fitted; default 10 (then it is called CV+), the number of rows for the jackknife+ proper. */
  readonly folds?: number;
  /** Default 42. */
  readonly seed?: number;
  /** Folds of your own, grouped for example; each row is tested once. */
  readonly splits?: readonly Split[];
}

/**
 * Jackknife+ and CV+ intervals (Barber, Candes, Ramdas and Tibshirani 2021, doi:10.1214/20-AOS1965): every row calibrates, through the
 * model that was fitted without it. Covers at least `1 - 2 (1 - level)` for certain, and close to `level` in practice.
 * The mean is that of a model of all rows.
 */
export const jackknifePlus = (data: Dataset, fitter: Fitter, options: JackknifeOptions = {}): ConformalPredictor => {
  const { level = 0.9, seed = 42 } = options;
  checkLevel(level);
  const n = data.target.length;
  const rank = rankFor(level, n);
  const splits = options.splits ?? kFoldSplits(n, { folds: options.folds ?? Math.min(10, n), seed });
  const whole = fitter(data);
  const residuals = new Float64Array(n).fill(Number.NaN);
  const models = splits.map(({ train, test }) => {
    const model = fitter(takeDatasetRows(data, train));
    const held = takeDatasetRows(data, test);
    const predicted = model.predict(held.features);
    test.forEach((row, k) => {
      residuals[row] = Math.abs(held.target[k] - predicted[k]);
    });
    return model;
  });
  const missed = residuals.findIndex(Number.isNaN);
  if (missed >= 0) {
    throw new RegressionError('regression/bad-option', `splits: must test every row; row ${missed} is never tested`, {
      feature: 'splits',
      row: missed,
    });
  }
  return {
    method: 'jackknife+',
    level,
    calibrationRows: n,
    predict: (features) => {
      const mean = whole.predict(features);
      const each = models.map((model) => model.predict(features));
      const low = new Float64Array(mean.length);
      const high = new Float64Array(mean.length);
      const below = new Float64Array(n);
      const above = new Float64Array(n);
      for (let i = 0; i < mean.length; i++) {
        splits.forEach(({ test }, k) => {
          const centre = each[k][i];
          for (const row of test) {
            below[row] = centre - residuals[row];
            above[row] = centre + residuals[row];
          }
        });
        below.sort();
        above.sort();
        low[i] = below[n - rank];
        high[i] = above[rank - 1];
      }
      return { mean, low, high };
    },
  };
};
