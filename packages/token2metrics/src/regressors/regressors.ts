import {
  dataset,
  gradientBoosting,
  huber,
  linearTerms,
  multilayerPerceptron,
  polynomialTerms,
  randomForest,
} from '@stepclock/regression';
import { fault } from '../fault.js';
import { bestPhysics } from './best-physics.js';
import { withDistinctTerms } from './distinct-terms.js';
import type { Predictor } from './predictor.js';
import { regressionPredictor } from './regression-predictor.js';
import type { Regressor, RegressorOptions, TrainingRows } from './regressor.js';

/** Every regressor. `auto` and `all` compare those that are not taken by name only, in this order. */
const TABLE = {
  physics: { fit: bestPhysics },
  linear: { fit: (rows) => regressionPredictor(withDistinctTerms(rows, (names) => linearTerms(names))) },
  polynomial: {
    fit: (rows, { degree = 2 }) =>
      regressionPredictor(withDistinctTerms(rows, (names) => polynomialTerms(names, degree))),
  },
  huber: {
    fit: (rows) =>
      regressionPredictor(
        withDistinctTerms(
          rows,
          (names) => linearTerms(names),
          (data, terms) => huber(data, { terms }).model,
        ),
      ),
    spellings: ['robust'],
    onlyByName: true,
  },
  'random-forest': {
    fit: ({ tokens, target }, { trees, seed = 0 }) =>
      regressionPredictor(randomForest(dataset(tokens, target), { ...(trees !== undefined && { trees }), seed }).model),
    spellings: ['random-forests'],
    holdsInsideOnly: true,
  },
  'gradient-boosting': {
    fit: ({ tokens, target }, { trees, seed = 0 }) =>
      regressionPredictor(
        gradientBoosting(dataset(tokens, target), { ...(trees !== undefined && { trees }), seed }).model,
      ),
    spellings: ['xgboost'],
    holdsInsideOnly: true,
  },
  'neural-network': {
    fit: ({ tokens, target }, { seed = 0 }) =>
      regressionPredictor(multilayerPerceptron(dataset(tokens, target), { seed }).model),
    spellings: ['mlp'],
    onlyByName: true,
    holdsInsideOnly: true,
  },
} satisfies Readonly<Record<string, Regressor>>;

/** A way to predict a metric from token counts. */
export type RegressorName = keyof typeof TABLE;

export const isRegressor = (name: string): name is RegressorName => Object.hasOwn(TABLE, name);
const entryOf = (name: RegressorName): Regressor => TABLE[name];

export const REGRESSORS: readonly RegressorName[] = Object.keys(TABLE).filter(isRegressor);

/** Compared with each other by `auto` and `all`, in this order. */
export const COMPARED = REGRESSORS.filter((name) => !entryOf(name).onlyByName);

/**
 * A regressor by its name in any spelling, `random_forest`, `XGBoost`; what is none of them is returned as it is.
 *
 * @example
 * regressorCalled('xgboost') // => 'gradient-boosting'
 */
export const regressorCalled = (name: string): string => {
  const plain = name.trim().toLowerCase().replaceAll(/[_ ]+/g, '-');
  return REGRESSORS.find((known) => known === plain || entryOf(known).spellings?.includes(plain)) ?? name;
};

/** Whether what answers by this name says nothing true outside the token counts that it was trained on. */
export const holdsInsideOnly = (name: string): boolean => isRegressor(name) && entryOf(name).holdsInsideOnly === true;

/**
 * Fits a regressor by name.
 *
 * @throws Fault `token2metrics/not-enough-rows`; a fault of @stepclock/regression from below
 */
export const fitRegressor = (name: RegressorName, rows: TrainingRows, options: RegressorOptions = {}): Predictor => {
  const { target, metric } = rows;
  if (target.length === 0) {
    throw fault('not-enough-rows', { what: metric, rule: 'must be measured in some rows', value: 0, column: metric });
  }
  return TABLE[name].fit(rows, options);
};
