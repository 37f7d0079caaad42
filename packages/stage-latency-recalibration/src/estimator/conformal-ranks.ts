/** Of the intervals of a total. */
export const INTERVAL_LEVEL = 0.9;

/**
 * Ranks (from 1) of the order statistics that bound the next of n exchangeable values from above and below, each with probability `level`;
 * guarded against rounding. One above n says that n are too few.
 */
export const conformalRanks = (level: number, n: number): { readonly upper: number; readonly lower: number } => {
  const upper = Math.ceil((n + 1) * level - 1e-9);
  return { upper, lower: n + 1 - upper };
};
