import { tQuantile } from '@stepclock/numerics';
import { type FeatureTable, selectFeatures } from '../../data/feature-table.js';
import { fault } from '../../fault.js';
import { finitePredictions } from '../../model/finite-predictions.js';
import { confidenceLevel } from '../../model/option-checks.js';
import type { LinearModel } from '../linear-model.js';
import { termColumns } from '../term.js';

/** Columns of one value a row, in the target's unit. */
export interface IntervalPrediction {
  readonly mean: Float64Array;
  /** Standard error of the mean response. */
  readonly meanStandardError: Float64Array;
  /** Confidence interval of the mean response. */
  readonly meanLow: Float64Array;
  readonly meanHigh: Float64Array;
  /** Prediction interval of one new observation: the noise of a single row is in it. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly level: number;
}

export interface IntervalOptions {
  /** Default 0.95. */
  readonly level?: number;
  /** Weights of the new observations, for fits with precision weights: a row of weight w has noise sigma / sqrt(w). Default 1. */
  readonly weights?: Float64Array;
}

/**
 * Means with confidence and prediction intervals, `mean +- t sigma sqrt(1/w + x'(X'X)^-1 x)`. They hold for normal errors of equal (or known
 * relative) size; conformal intervals ask for less.
 *
 * @throws Fault `regression/bad-option` when the model carries no inference (robust and penalised fits, saturated ones)
 */
export const predictWithIntervals = (
  model: LinearModel,
  features: FeatureTable,
  { level = 0.95, weights }: IntervalOptions = {},
): IntervalPrediction => {
  const { inference } = model;
  if (inference === undefined) {
    throw fault('regression/bad-option', {
      what: 'model',
      rule: 'must carry inference, as least squares with residual degrees of freedom does',
      value: model.estimator,
    });
  }
  confidenceLevel(level);
  const { sigma, df, factor, totalWeight } = inference;
  const columns = termColumns(selectFeatures(features, model.featureNames), model.terms);
  const mean = model.predict(features);
  const n = mean.length;
  const quantile = -tQuantile((1 - level) / 2, df);
  const v = new Float64Array(columns.length);
  const result = {
    mean,
    meanStandardError: new Float64Array(n),
    meanLow: new Float64Array(n),
    meanHigh: new Float64Array(n),
    low: new Float64Array(n),
    high: new Float64Array(n),
    level,
  };
  for (let i = 0; i < n; i++) {
    v.fill(0);
    columns.forEach((column, j) => {
      const x = column[i] - model.centre[j];
      const g = factor[j];
      for (let k = 0; k < v.length; k++) v[k] = v[k] + g[k] * x;
    });
    let variance = totalWeight === undefined ? 0 : 1 / totalWeight;
    for (const value of v) variance += value * value;
    const weight = weights === undefined ? 1 : weights[i];
    if (!(weight > 0)) {
      throw fault('regression/bad-column', { what: 'weights', rule: 'must be above 0', value: weight, row: i });
    }
    const centre = mean[i];
    const meanReach = quantile * sigma * Math.sqrt(variance);
    const reach = quantile * sigma * Math.sqrt(variance + 1 / weight);
    result.meanStandardError[i] = sigma * Math.sqrt(variance);
    result.meanLow[i] = centre - meanReach;
    result.meanHigh[i] = centre + meanReach;
    result.low[i] = centre - reach;
    result.high[i] = centre + reach;
  }
  finitePredictions(result.low);
  finitePredictions(result.high);
  return result;
};
