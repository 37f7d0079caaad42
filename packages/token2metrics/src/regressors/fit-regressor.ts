import {
  dataset,
  type FeatureTable,
  type FittedModel,
  gradientBoosting,
  leastSquares,
  linearTerms,
  multilayerPerceptron,
  polynomialTerms,
  randomForest,
  rankDeficiencyOf,
} from '@stepclock/regression';
import { fault } from '../fault.js';
import type { Metric } from '../table/metric.js';
import { fitPhysics } from './fit-physics.js';
import { DEFAULT_PADDING } from './physics.js';
import { fitPowerRamp } from './power-ramp.js';
import type { Predictor, RegressorName } from './predictor.js';

export interface RegressorOptions {
  /** Tokens that a prompt is padded to a multiple of, for physics; default 128. */
  readonly padding?: number;
  /** Of the polynomial; default 2. */
  readonly degree?: number;
  /** Of the trees; default 100. */
  readonly trees?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** What a regressor learns from. */
export interface TrainingRows {
  readonly metric: Metric;
  readonly tokens: FeatureTable;
  /** Positive, SI. */
  readonly target: Float64Array;
  /** For energy and power: how long each run was, seconds; with it physics can be a ramp. */
  readonly durationSec?: Float64Array;
}

/** A regression model of token counts, as it is. */
export const regressionPredictor = (model: FittedModel): Predictor<'regression'> & { readonly model: FittedModel } => ({
  form: 'regression',
  featureNames: model.featureNames,
  model,
  predict: (tokens) => model.predict(tokens),
  spread: () => undefined,
  toJSON: () => ({ form: 'regression', model: model.toJSON() }),
});

/**
 * Fits a regressor by name.
 *
 * @throws Fault `token2metrics/not-enough-rows`; a fault of @stepclock/regression from below
 */
export const fitRegressor = (name: RegressorName, rows: TrainingRows, options: RegressorOptions = {}): Predictor => {
  const { tokens, target, metric } = rows;
  if (target.length === 0) {
    throw fault('not-enough-rows', { what: metric, rule: 'must be measured in some rows', value: 0, column: metric });
  }
  const { padding = DEFAULT_PADDING, degree = 2, seed = 0 } = options;
  const trees = options.trees === undefined ? {} : { trees: options.trees };
  switch (name) {
    case 'physics':
      return physicsOf(rows, padding);
    case 'linear':
      return regressionPredictor(withDistinctTerms(rows, (names) => linearTerms(names)));
    case 'polynomial':
      return regressionPredictor(withDistinctTerms(rows, (names) => polynomialTerms(names, degree)));
    case 'random-forest':
      return regressionPredictor(randomForest(dataset(tokens, target), { ...trees, seed }).model);
    case 'gradient-boosting':
      return regressionPredictor(gradientBoosting(dataset(tokens, target), { ...trees, seed }).model);
    case 'neural-network':
      return regressionPredictor(multilayerPerceptron(dataset(tokens, target), { seed }).model);
  }
};

/** The form that explains the rows better at equal complexity (AIC, Akaike 1974): the five terms, or the climb of the power. */
const physicsOf = ({ metric, tokens, target, durationSec }: TrainingRows, padding: number): Predictor => {
  const terms = fitPhysics(tokens, target, padding, metric);
  if (!durationSec || (metric !== 'energy' && metric !== 'power')) return terms;
  const ramp = fitPowerRamp(metric, tokens, durationSec, target, padding);
  if (!ramp) return terms;
  // The likelihood of Laplace, whose scale is the mean |error|: one stall does not decide between the forms.
  const aic = (predicted: Float64Array, parameters: number): number => {
    const sum = predicted.reduce((total, value, i) => total + Math.abs(value / target[i] - 1), 0);
    return 2 * target.length * Math.log(sum) + 2 * parameters;
  };
  // The ramp is judged by what it predicts from tokens, through its predicted duration.
  const termCount = terms.coefficients.length - (terms.dropped?.length ?? 0);
  const better = aic(ramp.predictor.predict(tokens), ramp.parameters) < aic(terms.predict(tokens), termCount);
  return better ? ramp.predictor : terms;
};

/** Least squares; terms that the rows cannot tell apart are left out, last first. */
const withDistinctTerms = (
  { tokens, target }: TrainingRows,
  termsOf: (names: readonly string[]) => ReturnType<typeof linearTerms>,
): FittedModel => {
  const data = dataset(tokens, target);
  let terms = termsOf(tokens.names);
  for (;;) {
    try {
      return leastSquares(data, { terms }).model;
    } catch (error) {
      const collinear = rankDeficiencyOf(error)?.terms ?? [];
      const concerned = terms.filter(({ name }) => collinear.includes(name));
      const last = concerned.at(-1);
      if (last === undefined) throw error;
      terms = terms.filter((kept) => kept !== last);
    }
  }
};
