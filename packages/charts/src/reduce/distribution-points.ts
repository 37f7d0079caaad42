import { sortedCopy } from '@stepclock/numerics';
import type { Column } from '../column.js';

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
  const ascending = sortedCopy(values);
  const n = ascending.length;
  const ranks = new Set<number>();
  if (n <= points) for (let i = 0; i < n; i++) ranks.add(i);
  else {
    const inner = points - 80;
    for (let i = 0; i <= inner; i++) ranks.add(Math.round(((n - 1) * i) / inner));
    for (let i = 0; i < 40; i++) ranks.add(i).add(n - 1 - i);
  }
  return [...ranks].sort((a, b) => a - b).map((rank) => ({ value: ascending[rank], share: (rank + 1) / n }));
};
