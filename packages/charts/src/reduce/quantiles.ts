import type { Column } from '../column.js';

/** Copy as doubles; `Float64Array.from` walks an iterator, which a million rows feel. */
const doubles = (values: Column): Float64Array =>
  values instanceof Float64Array ? values.slice() : Float64Array.from(values);

/** Sorted copy. */
export const sorted = (values: Column): Float64Array => doubles(values).sort();

/** Moves the value of rank `rank` to its place, smaller ones before it, larger ones behind it (quickselect, middle of three). */
const select = (values: Float64Array, rank: number): number => {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const a = values[low];
    const b = values[(low + high) >> 1];
    const c = values[high];
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const held = values[i];
      values[i++] = values[j];
      values[j--] = held;
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else break;
  }
  return values[rank];
};

/** The quantiles of values in any order, as `quantileOf` gives them of sorted ones, without sorting; reorders `values`. */
export const selectQuantile = (values: Float64Array, p: number): number => {
  const at = (values.length - 1) * p;
  const below = Math.floor(at);
  const low = select(values, below);
  if (below + 1 >= values.length) return low;
  return low + (select(values, below + 1) - low) * (at - below);
};

/** Quantile of sorted values by linear interpolation (Hyndman and Fan, type 7). */
export const quantileOf = (ascending: Float64Array, p: number): number => {
  const at = (ascending.length - 1) * p;
  const below = Math.floor(at);
  const low = ascending[below];
  const high = ascending[Math.min(below + 1, ascending.length - 1)];
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
  return [...ranks].sort((a, b) => a - b).map((rank) => ({ value: ascending[rank], share: (rank + 1) / n }));
};
