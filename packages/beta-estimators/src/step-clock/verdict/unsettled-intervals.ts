import { tQuantile } from '@stepclock/numerics';
import type { Term } from '@stepclock/step-cost';
import type { StepClockIntervals } from './step-clock-intervals.js';

/** Passes before the last that tell how far the coefficients still wander. */
const PASSES = 4;

/**
 * Intervals of coefficients that still moved in the last pass: where a pass would have stopped is chance, so what the passes before it differ by, all
 * terms together, is a doubt of its own, beside that of the rows.
 *
 * @param last coefficients that are given, s, in the order of the terms
 * @param passes coefficients of each pass in the same order, the last one included
 */
export const unsettledIntervals = (
  { level, byLabel, covariance, blocks }: StepClockIntervals,
  terms: readonly Term[],
  last: ArrayLike<number>,
  passes: readonly ArrayLike<number>[],
): StepClockIntervals => {
  const moves = passes.slice(-1 - PASSES, -1).map((pass) => terms.map((_, t) => pass[t] - last[t]));
  const wandered = (i: number, j: number): number =>
    moves.reduce((sum, move) => sum + move[i] * move[j], 0) / Math.max(moves.length, 1);
  const factor = tQuantile((1 + level) / 2, blocks - 1);
  const wider = terms.map(({ label, sign }, t) => {
    const interval = byLabel[label];
    if (interval === null || interval === undefined) return [label, null] as const;
    const high = last[t] + Math.hypot(interval[1] - last[t], factor * Math.sqrt(wandered(t, t)));
    const low = last[t] - Math.hypot(factor * Math.sqrt(covariance[t][t]), factor * Math.sqrt(wandered(t, t)));
    return [label, [sign === 'free' ? low : Math.max(0, low), high]] as const;
  });
  return {
    level,
    byLabel: Object.fromEntries(wider),
    covariance: covariance.map((row, i) => row.map((value, j) => value + wandered(i, j))),
    blocks,
  };
};
