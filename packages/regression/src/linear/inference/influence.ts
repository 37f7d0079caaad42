import type { LeastSquaresFit } from '../least-squares.js';

/** How much each row pulls at a fit. One value a row; 0 for rows of weight 0. */
export interface Influence {
  readonly leverage: Float64Array;
  /** `e sqrt(w) / (sigma sqrt(1 - h))`: internally studentised. */
  readonly standardised: Float64Array;
  /** The same with sigma from the other rows: externally studentised, t distributed with df - 1. */
  readonly studentised: Float64Array;
  /** `standardised^2 h / ((1 - h) p)` (Cook 1977). */
  readonly cooksDistance: Float64Array;
  /** Share of the row in the residual sum of squares. */
  readonly rssShare: Float64Array;
}

/**
 * Influence measures of a fit. A row of leverage 1 is fitted exactly whatever it says: its residual carries no information, so its
 * residual measures are 0 (the fit's `full-leverage` warning speaks of it). A row that the others contradict infinitely (their own residuals
 * are 0) is held at the largest finite number.
 */
export const influenceOf = (fit: LeastSquaresFit): Influence => {
  const { residuals, leverage, weights, statistics } = fit;
  const n = residuals.length;
  const { rss, df, p } = statistics;
  const standardised = new Float64Array(n);
  const studentised = new Float64Array(n);
  const cooksDistance = new Float64Array(n);
  const rssShare = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const weight = weights === undefined ? 1 : weights[i];
    const free = 1 - leverage[i];
    const residual = residuals[i];
    if (!(weight > 0 && rss > 0 && df > 0)) continue;
    const share = (weight * residual * residual) / rss;
    rssShare[i] = share;
    if (!(free > 1e-10)) continue;
    const squared = (share * df) / free;
    const sign = Math.sign(residual);
    standardised[i] = sign * Math.sqrt(squared);
    cooksDistance[i] = (squared * leverage[i]) / (free * p);
    // With one degree of freedom nothing is left over for the other rows' sigma.
    if (df <= 1) continue;
    const others = df - squared;
    studentised[i] =
      others > 0
        ? sign * Math.min(Math.sqrt((squared * (df - 1)) / others), Number.MAX_VALUE)
        : sign * Number.MAX_VALUE;
  }
  return { leverage, standardised, studentised, cooksDistance, rssShare };
};
