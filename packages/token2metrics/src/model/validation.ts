import { tQuantile } from '@stepclock/numerics';
import { type RegressionMetrics, regressionMetrics } from '@stepclock/regression';
import { countSettings } from '../table/settings.js';

/** A new request's value lies within `p (1 +- relativeRadius)` with probability `level`. */
export interface Interval {
  readonly level: number;
  readonly relativeRadius: number;
}

/** Errors of predictions of settings that the model had not seen, and what follows from them for new ones. */
export interface Validation {
  /** How the rows were held out. */
  readonly scheme: string;
  /** Different settings among the rows. */
  readonly settings: number;
  readonly metrics: RegressionMetrics;
  /** Mean absolute error relative to the measured value, percent: every target is positive. */
  readonly mapePercent: number;
  readonly interval?: Interval;
}

/** Predictions of rows by models that had not seen their settings. */
export interface HeldOutRows {
  readonly target: Float64Array;
  readonly predicted: Float64Array;
  readonly setting: Int32Array;
}

export const validate = (rows: HeldOutRows, scheme: string, level: number): Validation => {
  const metrics = regressionMetrics(rows.target, rows.predicted);
  const interval = intervalOf(rows, level);
  return {
    scheme,
    settings: countSettings(rows.setting),
    metrics,
    mapePercent: metrics.mapePercent ?? 0,
    ...(interval ? { interval } : {}),
  };
};

/**
 * The interval of relative errors `|y - p| / |p|` of a row of a new setting. From enough settings on it is their conformal quantile (Vovk et al. 2005; the
 * out-of-fold form of Barber et al. 2021), over rows, with the margin `(K + 1) / K` that K settings ask for: repeats tell no more. With fewer no quantile
 * is that far out: then errors are taken as normal, `t sqrt(mean square)` with a degree of freedom a setting less one.
 */
export const intervalOf = ({ target, predicted, setting }: HeldOutRows, level: number): Interval | undefined => {
  const scores = target.map((y, i) => Math.abs(y - predicted[i]) / Math.abs(predicted[i])).sort();
  const settings = countSettings(setting);
  if (settings < 2 || !scores.every(Number.isFinite)) return undefined;
  const rank = Math.ceil((scores.length * level * (settings + 1)) / settings - 1e-9);
  if (rank <= scores.length) return { level, relativeRadius: scores[rank - 1] };
  const square = scores.reduce((sum, score) => sum + score ** 2, 0) / scores.length;
  return { level, relativeRadius: tQuantile((1 + level) / 2, settings - 1) * Math.sqrt(square) };
};
