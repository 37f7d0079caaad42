import { fUpperTail } from '@stepclock/numerics';

/** Figures of a whole least-squares fit. Sums of squares are weighted; `null` where a figure is not defined. */
export interface FitStatistics {
  /** Rows of positive weight (the sum of the weights when they count equal rows). */
  readonly n: number;
  /** Coefficients, the intercept included. */
  readonly p: number;
  /** Residual degrees of freedom, n - p. */
  readonly df: number;
  readonly rss: number;
  /** About the mean; about 0 without an intercept. */
  readonly tss: number;
  /** Residual standard deviation `sqrt(rss / df)`; `null` when df is 0. */
  readonly sigma: number | null;
  readonly r2: number | null;
  readonly adjustedR2: number | null;
  /** Test of all slopes against 0. */
  readonly fStatistic: number | null;
  /** 0 means below 1e-308. */
  readonly fPValue: number | null;
  /** Of normal errors, at the maximum. */
  readonly logLikelihood: number | null;
  /** `2 p - 2 logLikelihood`: sigma is not counted, as in statsmodels. */
  readonly aic: number | null;
  readonly bic: number | null;
}

interface Sums {
  readonly n: number;
  readonly p: number;
  readonly intercept: boolean;
  readonly rss: number;
  readonly ess: number;
  readonly logWeightSum: number;
}

/** The figures from the sums of squares. */
export const fitStatistics = ({ n, p, intercept, rss, ess, logWeightSum }: Sums): FitStatistics => {
  const df = n - p;
  const tss = ess + rss;
  const slopes = p - (intercept ? 1 : 0);
  const meanSquare = df > 0 ? rss / df : null;
  const r2 = tss > 0 ? ess / tss : null;
  const adjustedR2 = r2 !== null && df > 0 ? 1 - ((rss / tss) * (n - (intercept ? 1 : 0))) / df : null;
  const f = slopes > 0 && meanSquare !== null && meanSquare > 0 ? ess / slopes / meanSquare : null;
  const logLikelihood = rss > 0 ? -0.5 * (n * (Math.log((2 * Math.PI * rss) / n) + 1) - logWeightSum) : null;
  return {
    n,
    p,
    df,
    rss,
    tss,
    sigma: meanSquare === null ? null : Math.sqrt(meanSquare),
    r2,
    adjustedR2,
    fStatistic: f,
    fPValue: f === null ? null : fUpperTail(f, slopes, df),
    logLikelihood,
    aic: logLikelihood === null ? null : 2 * (p - logLikelihood),
    bic: logLikelihood === null ? null : p * Math.log(n) - 2 * logLikelihood,
  };
};
