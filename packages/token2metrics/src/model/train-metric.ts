import { isFault } from '@stepclock/faults';
import { trainingRangeOf } from '@stepclock/regression';
import { fitRegressor, type RegressorOptions } from '../regressors/fit-regressor.js';
import { type Predictor, REGRESSORS, type RegressorName } from '../regressors/predictor.js';
import { Token2MetricsError } from '../token2metrics-error.js';
import type { Candidate, MetricModel } from './device-model.js';
import { FOLDS, type MetricRows, outOfFold } from './training-rows.js';
import { type Validation, validate } from './validation.js';

/** `auto` keeps the regressor with the smallest out-of-fold error (physics, if it comes within 5 % of that), `all` keeps every one and uses that one. */
export type RegressionChoice = RegressorName | 'auto' | 'all';

export interface TrainMetricOptions extends RegressorOptions {
  readonly regression: RegressionChoice;
  /** Of the intervals. */
  readonly level: number;
}

export interface TrainedMetric {
  readonly model: MetricModel;
  /** Out-of-fold predictions of the rows, by the regressor that is used. */
  readonly outOfFold: Float64Array;
}

/** Physics holds beyond the rows trained on; another regressor must have an error smaller by this share to be worth giving that up. */
const CLEARLY_BETTER = 0.05;

const SCHEME = `${FOLDS} folds, fold = row % ${FOLDS}`;

interface Trial {
  readonly regressor: RegressorName;
  readonly predicted: Float64Array;
  readonly validation: Validation;
}

/** @throws Token2MetricsError `token2metrics/not-enough-rows`, or the reason why the regressor asked for cannot be fitted */
export const trainMetric = (rows: MetricRows, options: TrainMetricOptions): TrainedMetric => {
  requireRows(rows);
  const { regression } = options;
  const named = regression !== 'auto' && regression !== 'all';
  const trials: Trial[] = [];
  const failed: Candidate[] = [];
  for (const regressor of named ? [regression] : REGRESSORS) {
    try {
      const predicted = outOfFold(rows, regressor, options);
      trials.push({ regressor, predicted, validation: validate(rows.target, predicted, SCHEME, options.level) });
    } catch (error) {
      if (named || !isFault(error, 'regression')) throw error;
      failed.push({ regressor, mapePercent: null, reason: error.message });
    }
  }
  trials.sort((a, b) => a.validation.mapePercent - b.validation.mapePercent);
  const [first] = trials;
  const physics = trials.find(({ regressor }) => regressor === 'physics');
  const asGood =
    first && physics && first.validation.mapePercent > (1 - CLEARLY_BETTER) * physics.validation.mapePercent;
  const best = asGood ? physics : first;
  if (!best)
    throw new Token2MetricsError(
      'token2metrics/not-enough-rows',
      `${rows.metric}: no regressor could be fitted; ${failed[0]?.reason ?? ''}`,
    );
  const fit = (regressor: RegressorName): Predictor => fitRegressor(regressor, rows, options);
  const predictor = fit(best.regressor);
  return {
    outOfFold: best.predicted,
    model: {
      metric: rows.metric,
      method: best.regressor,
      predictor,
      ...(best.regressor === 'physics' ? {} : { fallback: fit('physics') }),
      alternatives:
        regression === 'all'
          ? trials.map(({ regressor }) => ({
              regressor,
              predictor: regressor === best.regressor ? predictor : fit(regressor),
            }))
          : [],
      range: trainingRangeOf(rows.tokens),
      validation: best.validation,
      candidates: named
        ? []
        : [
            ...trials.map(({ regressor, validation }) => ({ regressor, mapePercent: validation.mapePercent })),
            ...failed,
          ],
    },
  };
};

/** Fewer cannot be held out fold by fold. */
const LEAST_ROWS = 5;

const requireRows = ({ metric, target }: MetricRows): void => {
  if (target.length >= LEAST_ROWS) return;
  throw new Token2MetricsError(
    'token2metrics/not-enough-rows',
    `${metric}: a model needs at least ${LEAST_ROWS} rows that have it; got ${target.length}. With fewer, calibrate a model of another device`,
    { column: metric, value: target.length, expected: `at least ${LEAST_ROWS}` },
  );
};
