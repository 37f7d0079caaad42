import fCdf from '@stdlib/stats-base-dists-f-cdf';
import tCdf from '@stdlib/stats-base-dists-t-cdf';
import tInverse from '@stdlib/stats-base-dists-t-quantile';

/** Two-sided p of Student's t, from the lower tail: `1 - cdf` would round to 0 at t = 9. 0 means below 1e-308. */
export const twoSidedP = (statistic: number, df: number): number => 2 * tCdf(-Math.abs(statistic), df);

/** Quantile of t that leaves `(1 - level) / 2` above it. */
export const tQuantile = (level: number, df: number): number => -tInverse((1 - level) / 2, df);

/** Upper tail of F, as the lower tail of its reciprocal. 0 means below 1e-308. */
export const upperP = (statistic: number, df1: number, df2: number): number =>
  statistic <= 0 ? 1 : fCdf(1 / statistic, df2, df1);
