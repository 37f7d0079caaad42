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
 * largest value in each: nothing that the signal reached is lost. Stretches without rows are left out. With `duration`, a value
 * holds from its time on for so long, and counts in every stretch by the time it holds there.
 */
export const timeBins = (
  time: Column,
  value: Column,
  weight: Column | undefined,
  bins = 360,
  duration?: Column,
): TimeBin[] => {
  const [first, latest] = extentOf(time);
  let last = latest;
  if (duration !== undefined) {
    for (let i = 0; i < time.length; i++) last = Math.max(last, time[i] + duration[i]);
  }
  const width = (last - first) / bins || 1;
  const sums = new Float64Array(bins);
  const weights = new Float64Array(bins);
  const lows = new Float64Array(bins).fill(Number.POSITIVE_INFINITY);
  const highs = new Float64Array(bins).fill(Number.NEGATIVE_INFINITY);
  const add = (at: number, v: number, own: number): void => {
    if (!(own > 0)) return;
    sums[at] = sums[at] + own * v;
    weights[at] = weights[at] + own;
    if (v < lows[at]) lows[at] = v;
    if (v > highs[at]) highs[at] = v;
  };
  for (let i = 0; i < time.length; i++) {
    const start = time[i] - first;
    const from = Math.min(bins - 1, Math.floor(start / width));
    const v = value[i];
    if (duration === undefined) add(from, v, weight === undefined ? 1 : weight[i]);
    else {
      const end = start + duration[i];
      const to = Math.min(bins - 1, Math.floor(end / width));
      for (let at = from; at <= to; at++) add(at, v, Math.min(end, (at + 1) * width) - Math.max(start, at * width));
    }
  }
  const out: TimeBin[] = [];
  for (let b = 0; b < bins; b++) {
    const total = weights[b];
    if (total === 0) continue;
    out.push({
      start: first + b * width,
      end: first + (b + 1) * width,
      mean: sums[b] / total,
      low: lows[b],
      high: highs[b],
    });
  }
  return out;
};
