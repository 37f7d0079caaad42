import { trainingRangeOf } from '@stepclock/regression';
import { fault } from '../fault.js';
import { cannotBeFitted } from '../regressors/cannot-be-fitted.js';
import { DEFAULT_PADDING } from '../regressors/physics.js';
import type { Predictor } from '../regressors/predictor.js';
import { questionWeights } from '../regressors/question-weights.js';
import type { RegressorOptions } from '../regressors/regressor.js';
import { COMPARED, fitRegressor, type RegressorName } from '../regressors/regressors.js';
import { countSettings } from '../table/settings.js';
import type { Answerer, Candidate, MetricModel } from './device-model.js';
import { type Folding, foldingsOf } from './foldings.js';
import { type MetricRows, outOfFold } from './training-rows.js';
import { type Validation, validate } from './validation.js';

/** `auto` keeps the regressor with the smallest held-out error (physics, if it comes within 5 % of that), `all` keeps every one and uses that one. */
export type RegressionChoice = RegressorName | 'auto' | 'all';

export interface TrainMetricOptions extends RegressorOptions {
  readonly regression: RegressionChoice;
  /** Of the intervals. */
  readonly level: number;
}

export interface TrainedMetric {
  readonly model: MetricModel;
  /** Predictions of the rows by models that had not seen their settings, by the regressor that is used; undefined where there is one setting only. */
  readonly outOfFold: Float64Array | undefined;
  /** How the rows were left out that the claimed error is of. */
  readonly folding: Folding | undefined;
}

/** Physics holds beyond the rows trained on; another regressor must have an error smaller by this share to be worth giving that up. */
const CLEARLY_BETTER = 0.05;

interface Trial {
  readonly regressor: RegressorName;
  readonly predicted: Float64Array;
  readonly validation: Validation;
  readonly folding: Folding;
}

/** @throws Fault `token2metrics/not-enough-rows`, or the reason why the regressor asked for cannot be fitted */
export const trainMetric = (rows: MetricRows, options: TrainMetricOptions): TrainedMetric => {
  requireRows(rows);
  const { regression } = options;
  const named = regression === 'auto' || regression === 'all' ? undefined : regression;
  const fit = (regressor: RegressorName): Predictor => fitRegressor(regressor, rows, options);
  const { trials, failed } = compare(rows, named ? [named, 'physics'] : COMPARED, options);
  const reasonOf = (regressor: RegressorName) => failed.find((candidate) => candidate.regressor === regressor)?.reason;
  const best = named ? trials.find(({ regressor }) => regressor === named) : bestOf(trials);
  // With a single setting nothing can be held out, and nothing compared.
  const method = best?.regressor ?? named ?? 'physics';
  const reason = reasonOf(method);
  if (reason !== undefined) {
    throw fault('not-enough-rows', {
      what: rows.metric,
      rule: `must have rows that a regressor can be fitted to: ${reason}`,
    });
  }
  const answerer = (regressor: RegressorName, predictor = fit(regressor)): Answerer => {
    const interval = trials.find((trial) => trial.regressor === regressor)?.validation.interval;
    return { predictor, ...(interval ? { interval } : {}) };
  };
  const predictor = fit(method);
  return {
    outOfFold: best?.predicted,
    folding: best?.folding,
    model: {
      metric: rows.metric,
      method,
      predictor,
      ...(method === 'physics' ? {} : { fallback: answerer('physics') }),
      alternatives:
        regression === 'all'
          ? trials.map(({ regressor }) => ({
              regressor,
              ...answerer(regressor, regressor === method ? predictor : undefined),
            }))
          : [],
      range: trainingRangeOf(rows.tokens),
      ...(best ? { validation: best.validation } : {}),
      candidates: named
        ? []
        : [
            ...trials.map(({ regressor, validation }) => ({ regressor, mapePercent: validation.mapePercent })),
            ...failed,
          ],
    },
  };
};

/** The held-out errors of regressors, best first, and those that cannot be fitted. */
const compare = (rows: MetricRows, regressors: readonly RegressorName[], options: TrainMetricOptions) => {
  const trials: Trial[] = [];
  const failed: (Candidate & { readonly reason: string })[] = [];
  const settings = countSettings(rows.setting);
  if (settings < 2) return { trials, failed };
  const padding = options.padding ?? DEFAULT_PADDING;
  const questions = foldingsOf(rows, options.seed).map((folding): Question => {
    const weight = questionWeights(rows.tokens, rows.target, folding.unit, padding);
    return { folding, ...(weight && { weight }) };
  });
  for (const regressor of new Set(regressors)) {
    try {
      trials.push(trialOf(regressor, rows, questions, options));
    } catch (error) {
      if (!cannotBeFitted(error)) throw error;
      failed.push({ regressor, mapePercent: null, reason: error.message });
    }
  }
  trials.sort((a, b) => a.validation.mapePercent - b.validation.mapePercent);
  return { trials, failed };
};

/** A way to leave rows out, and how much each row says then. */
interface Question {
  readonly folding: Folding;
  readonly weight?: Float64Array;
}

/** The held-out errors of one regressor, by what it knows least: where there are several units to leave out, those with the largest errors. */
const trialOf = (
  regressor: RegressorName,
  rows: MetricRows,
  questions: readonly Question[],
  options: TrainMetricOptions,
): Trial => {
  const settings = countSettings(rows.setting);
  const trials = questions.map(({ folding, weight }): Trial => {
    const predicted = outOfFold(rows, regressor, options, folding.folds);
    const held = { target: rows.target, predicted, setting: folding.unit, ...(weight && { weight }) };
    const validation = { ...validate(held, folding.scheme, options.level), settings };
    return { regressor, predicted, folding, validation };
  });
  return trials.reduce((a, b) => (b.validation.mapePercent > a.validation.mapePercent ? b : a));
};

const bestOf = (trials: readonly Trial[]): Trial | undefined => {
  const [first] = trials;
  const physics = trials.find(({ regressor }) => regressor === 'physics');
  const asGood =
    first && physics && first.validation.mapePercent > (1 - CLEARLY_BETTER) * physics.validation.mapePercent;
  return asGood ? physics : first;
};

/** Fewer cannot be held out one by one. */
const LEAST_ROWS = 5;

const requireRows = ({ metric, target }: MetricRows): void => {
  if (target.length >= LEAST_ROWS) return;
  throw fault('not-enough-rows', {
    what: metric,
    rule: `must be measured in at least ${LEAST_ROWS} rows`,
    value: target.length,
    column: metric,
    hint: 'with fewer, calibrate a model of another device',
  });
};
