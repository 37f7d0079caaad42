import type { Column } from '../column.js';

/** Sorted copy. */
export const sorted = (values: Column): Float64Array => Float64Array.from(values).sort();

/** Quantile of sorted values by linear interpolation (Hyndman and Fan, type 7). */
export const quantileOf = (ascending: Float64Array, p: number): number => {
  const at = (ascending.length - 1) * p;
  const below = Math.floor(at);
  const low = ascending[below] as number;
  const high = ascending[Math.min(below + 1, ascending.length - 1)] as number;
  return low + (high - low) * (at - below);
};

/** One point of a distribution function: the share of values that are at most `value`. */
export interface QuantilePoint {
  readonly value: number;
  readonly share: number;
}

/**
 * The empirical distribution function in at most about `points` points. Short columns keep every step. Long ones are read at
 * evenly spread ranks and, for the tails, at the 40 smallest and 40 largest values one by one: the ends are exact.
 */
export const distributionPoints = (values: Column, points = 320): QuantilePoint[] => {
  const ascending = sorted(values);
  const n = ascending.length;
  const ranks = new Set<number>();
  if (n <= points) for (let i = 0; i < n; i++) ranks.add(i);
  else {
    const inner = points - 80;
    for (let i = 0; i <= inner; i++) ranks.add(Math.round(((n - 1) * i) / inner));
    for (let i = 0; i < 40; i++) ranks.add(i).add(n - 1 - i);
  }
  return [...ranks].sort((a, b) => a - b).map((rank) => ({ value: ascending[rank] as number, share: (rank + 1) / n }));
};
