import f from '@stdlib/stats-base-dists-f';
import t from '@stdlib/stats-base-dists-t';

/** Two-sided p of Student's t, from the lower tail: `1 - cdf` would round to 0 at t = 9. 0 means below 1e-308. */
export const twoSidedP = (statistic: number, df: number): number => 2 * t.cdf(-Math.abs(statistic), df);

/** Quantile of t that leaves `(1 - level) / 2` above it. */
export const tQuantile = (level: number, df: number): number => -t.quantile((1 - level) / 2, df);

/** Upper tail of F, as the lower tail of its reciprocal. 0 means below 1e-308. */
export const upperP = (statistic: number, df1: number, df2: number): number =>
  statistic <= 0 ? 1 : f.cdf(1 / statistic, df2, df1);
