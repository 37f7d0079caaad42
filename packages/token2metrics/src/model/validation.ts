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
  /** How much each row says about the token counts between those trained on (`questionWeights`); default alike. */
  readonly weight?: Float64Array;
}

export const validate = (rows: HeldOutRows, scheme: string, level: number): Validation => {
  const metrics = regressionMetrics(rows.target, rows.predicted);
  const interval = intervalOf(rows, level);
  return {
    scheme,
    settings: countSettings(rows.setting),
    metrics,
    mapePercent: 100 * weightedMean(rows, (k) => Math.abs(rows.predicted[k] / rows.target[k] - 1)),
    ...(interval ? { interval } : {}),
  };
};

const weightedMean = ({ target, weight }: HeldOutRows, of: (k: number) => number): number => {
  let [sum, total] = [0, 0];
  for (let k = 0; k < target.length; k++) {
    const w = weight?.[k] ?? 1;
    sum += w * of(k);
    total += w;
  }
  return sum / total;
};

/**
 * The interval of relative errors `|y - p| / |p|` of a row of a new setting. From enough settings on it is their weighted conformal quantile (Vovk et al.
 * 2005; the out-of-fold form of Barber et al. 2021, the weights of Tibshirani et al. 2019), over rows, with the margin `(K + 1) / K` that K independent
 * ones ask for. With fewer no quantile is that far out: then errors are taken as normal, `t sqrt(mean square)` with a degree of freedom a setting less one.
 */
export const intervalOf = (rows: HeldOutRows, level: number): Interval | undefined => {
  const { target, predicted, setting, weight } = rows;
  const score = target.map((y, i) => Math.abs(y - predicted[i]) / Math.abs(predicted[i]));
  const settings = countSettings(setting);
  if (settings < 2 || !score.every(Number.isFinite)) return undefined;
  const order = Int32Array.from(score.keys()).sort((a, b) => score[a] - score[b] || a - b);
  const total = weight ? weight.reduce((sum, w) => sum + w, 0) : score.length;
  // Kish: of unlike weights, a share of the rows says as much.
  const evenness = weight ? total ** 2 / (score.length * weight.reduce((sum, w) => sum + w * w, 0)) : 1;
  const quantile = (share: number): number => {
    let below = 0;
    for (const k of order) {
      below += weight?.[k] ?? 1;
      if (below >= share * total * (1 - 1e-9)) return score[k];
    }
    return Number.NaN;
  };
  const usual = quantile(level);
  const exceeds = score.map((s) => (s > usual ? 1 : 0));
  // Few rows exceed, so that they look scattered: the sizes of the errors tell whether repeats are alike.
  const independent = evenness * Math.min(independentRows(exceeds, setting), independentRows(score, setting));
  const share = (level * (independent + 1)) / independent;
  if (share <= 1 + 1e-12) return { level, relativeRadius: quantile(Math.min(1, share)) };
  const square = weightedMean(rows, (k) => score[k] ** 2);
  const df = Math.max(1, evenness * settings - 1);
  return { level, relativeRadius: tQuantile((1 + level) / 2, df) * Math.sqrt(square) };
};

/**
 * How many independent rows say as much of a share as these do: Kish's design effect `n / (1 + (n / K - 1) r)`, with r how alike the rows of one of K
 * settings are (the intraclass correlation by the analysis of variance). Repeats that are all alike count as one.
 */
const independentRows = (of: Float64Array, setting: Int32Array): number => {
  const groupOf = new Map<number, { rows: number; sum: number; squares: number }>();
  of.forEach((value, k) => {
    const { rows, sum, squares } = groupOf.get(setting[k]) ?? { rows: 0, sum: 0, squares: 0 };
    groupOf.set(setting[k], { rows: rows + 1, sum: sum + value, squares: squares + value * value });
  });
  const [n, K] = [of.length, groupOf.size];
  if (n === K) return n;
  const mean = of.reduce((sum, value) => sum + value, 0) / n;
  const groups = [...groupOf.values()];
  const between = groups.reduce((sum, g) => sum + g.rows * (g.sum / g.rows - mean) ** 2, 0) / (K - 1);
  const within = groups.reduce((sum, g) => sum + Math.max(0, g.squares - g.sum ** 2 / g.rows), 0) / (n - K);
  const size = (n - groups.reduce((sum, g) => sum + g.rows ** 2, 0) / n) / (K - 1);
  const alike = between + within > 0 ? (between - within) / (between + (size - 1) * within) : 1;
  return n / (1 + (n / K - 1) * Math.min(1, Math.max(0, alike)));
};
