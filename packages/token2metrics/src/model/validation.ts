import { type RegressionMetrics, regressionMetrics } from '@stepclock/regression';

/** Errors of predictions of rows that the model had not seen, and what follows from them for new ones. */
export interface Validation {
  /** How the rows were held out. */
  readonly scheme: string;
  readonly metrics: RegressionMetrics;
  /** Mean absolute error relative to the measured value, percent: every target is positive. */
  readonly mapePercent: number;
  /** Half width of the interval as a share of the prediction; absent when there are too few rows for the level. */
  readonly interval?: { readonly level: number; readonly relativeRadius: number };
}

/** @param predicted out of fold, one a row of `target` */
export const validate = (target: Float64Array, predicted: Float64Array, scheme: string, level: number): Validation => {
  const metrics = regressionMetrics(target, predicted);
  const radius = conformalRadius(target, predicted, level);
  return {
    scheme,
    metrics,
    mapePercent: metrics.mapePercent ?? 0,
    ...(radius === undefined ? {} : { interval: { level, relativeRadius: radius } }),
  };
};

/**
 * The conformal quantile of relative errors `|y - p| / |p|`: a new request's value lies within `p (1 +- radius)` with probability `level`, if it comes
 * from where these came from (Vovk et al. 2005; the out-of-fold form of Barber et al. 2021). Undefined when the rows are too few.
 */
export const conformalRadius = (target: Float64Array, predicted: Float64Array, level: number): number | undefined => {
  const scores = target.map((y, i) => Math.abs(y - predicted[i]) / Math.abs(predicted[i])).sort();
  const rank = Math.ceil((scores.length + 1) * level - 1e-9);
  const radius = scores[rank - 1];
  return radius !== undefined && Number.isFinite(radius) ? radius : undefined;
};
