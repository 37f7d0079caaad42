import { medianOf } from '@stepclock/numerics';
import type { Column } from '../column.js';

/** The middle of some rows that are neighbours in x. */
interface TrendPoint {
  readonly x: number;
  readonly y: number;
}

/**
 * How y goes with x: the medians of at most about `groups` groups of neighbouring rows, of equal counts, rows of equal x together. One wild
 * row does not bend it. Empty where all x are one.
 */
export const trendPoints = (x: Column, y: Column, groups = 12): TrendPoint[] => {
  const order = Uint32Array.from({ length: x.length }, (_, i) => i).sort((i, k) => x[i] - x[k]);
  const size = order.length / groups;
  const points: TrendPoint[] = [];
  let from = 0;
  for (let to = 1; to <= order.length; to++) {
    const full = to - from >= size && order.length - to >= size / 2;
    if (to < order.length && !(full && x[order[to]] !== x[order[to - 1]])) continue;
    const rows = order.subarray(from, to);
    points.push({
      x: medianOf(Float64Array.from(rows, (i) => x[i])),
      y: medianOf(Float64Array.from(rows, (i) => y[i])),
    });
    from = to;
  }
  return points.length < 2 ? [] : points;
};
