import { roundingOf } from '@stepclock/numerics';
import type { TimeGrid } from './time-grid.js';

/** How many phases of one kind are active on each segment. */
export const activeCount = (grid: TimeGrid, kinds: Uint8Array, kind: number): Float64Array => {
  const change = new Int32Array(grid.segmentCount + 1);
  const { startIndex, endIndex } = grid;
  for (let i = 0; i < startIndex.length; i++) {
    const one = kinds[i] === kind ? 1 : 0;
    const start = startIndex[i];
    const end = endIndex[i];
    change[start] = change[start] + one;
    change[end] = change[end] - one;
  }
  const active = new Float64Array(grid.segmentCount);
  let count = 0;
  for (let j = 0; j < active.length; j++) {
    count += change[j];
    active[j] = count;
  }
  return active;
};

/**
 * Sum of the weights of the phases that are active on each segment.
 *
 * @param weights one value a phase; 0 leaves a phase out
 */
export const activeSum = (grid: TimeGrid, weights: Float64Array): Float64Array => {
  const change = new Float64Array(grid.segmentCount + 1);
  const rest = new Float64Array(grid.segmentCount + 1);
  const { startIndex, endIndex } = grid;
  for (let i = 0; i < startIndex.length; i++) {
    const weight = weights[i];
    add(change, rest, startIndex[i], weight);
    add(change, rest, endIndex[i], -weight);
  }
  return runningSum(change, grid.segmentCount, rest);
};

/** Adds to one of many sums, keeping what rounding takes away beside it. */
const add = (sums: Float64Array, rest: Float64Array, at: number, value: number): void => {
  const sum = sums[at];
  const next = sum + value;
  rest[at] = rest[at] + roundingOf(sum, value, next);
  sums[at] = next;
};

/**
 * Turns changes at the boundaries into levels on the segments, in place of the first `count` values.
 *
 * The sums are compensated: a weight of 1e12 that has come and gone leaves nothing behind, where a plain sum would keep its
 * rounding error for the rest of the trace.
 *
 * @param rest what rounding took away from the changes themselves, where it was kept
 */
export const runningSum = (change: Float64Array, count: number, rest?: Float64Array): Float64Array => {
  let sum = 0;
  let lost = 0;
  for (let j = 0; j < count; j++) {
    const step = change[j];
    const next = sum + step;
    lost += roundingOf(sum, step, next);
    if (rest !== undefined) lost += rest[j];
    sum = next;
    change[j] = sum + lost;
  }
  return change.subarray(0, count);
};
