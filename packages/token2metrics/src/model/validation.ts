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
 * The interval of relative errors `|y - p| / |p|` of a new setting. From enough settings on it is conformal over settings: each counts once, shared among its
 * rows (Lee, Barber and Willett 2023, doi:10.48550/arXiv.2306.06342). With fewer no quantile is that far out: then errors are taken as normal, `t sqrt(mean
 * square)` with a degree of freedom a setting less one.
 */
export const intervalOf = ({ target, predicted, setting }: HeldOutRows, level: number): Interval | undefined => {
  const scores = target.map((y, i) => Math.abs(y - predicted[i]) / Math.abs(predicted[i]));
  const settings = countSettings(setting);
  if (settings < 2 || !scores.every(Number.isFinite)) return undefined;
  const rowsOf = new Map<number, number>();
  for (const number of setting) rowsOf.set(number, (rowsOf.get(number) ?? 0) + 1);
  const share = setting.length === settings ? undefined : rowsOf;
  const order = Int32Array.from(scores.keys()).sort((a, b) => scores[a] - scores[b]);
  // Counted in rows' shares of a setting, so that equal shares add up without rounding.
  let reached = 0;
  for (const i of order) {
    reached += share ? 1 / (share.get(setting[i]) ?? 1) : 1;
    if (reached >= (settings + 1) * level - 1e-9) return { level, relativeRadius: scores[i] };
  }
  const square = scores.reduce((sum, score, i) => sum + score ** 2 / (rowsOf.get(setting[i]) ?? 1), 0) / settings;
  return { level, relativeRadius: tQuantile((1 + level) / 2, settings - 1) * Math.sqrt(square) };
};
