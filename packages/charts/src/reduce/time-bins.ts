import { type Column, extentOf } from '../column.js';

/** Weighted mean and range of a signal over one stretch of time. */
export interface TimeBin {
  readonly start: number;
  readonly end: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Averages a signal over at most `bins` equal stretches of time, weighted (by duration, steps, ...), with the smallest and the
 * largest value in each: nothing that the signal reached is lost. Stretches without rows are left out.
 */
export const timeBins = (time: Column, value: Column, weight: Column | undefined, bins = 360): TimeBin[] => {
  const [first, last] = extentOf(time);
  const width = (last - first) / bins || 1;
  const sums = new Float64Array(bins);
  const weights = new Float64Array(bins);
  const lows = new Float64Array(bins).fill(Number.POSITIVE_INFINITY);
  const highs = new Float64Array(bins).fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < time.length; i++) {
    const at = Math.min(bins - 1, Math.floor(((time[i] as number) - first) / width));
    const own = weight === undefined ? 1 : (weight[i] as number);
    if (!(own > 0)) continue;
    const v = value[i] as number;
    sums[at] = (sums[at] as number) + own * v;
    weights[at] = (weights[at] as number) + own;
    if (v < (lows[at] as number)) lows[at] = v;
    if (v > (highs[at] as number)) highs[at] = v;
  }
  const out: TimeBin[] = [];
  for (let b = 0; b < bins; b++) {
    const total = weights[b] as number;
    if (total === 0) continue;
    out.push({
      start: first + b * width,
      end: first + (b + 1) * width,
      mean: (sums[b] as number) / total,
      low: lows[b] as number,
      high: highs[b] as number,
    });
  }
  return out;
};
