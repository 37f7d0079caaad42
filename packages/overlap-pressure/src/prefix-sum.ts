import { roundingOf } from '@stepclock/numerics';
import type { TimeGrid } from './time-grid.js';

/**
 * Running sums over the segments, one at every boundary, ready for differences.
 *
 * Each is an unevaluated sum of two doubles. A plain running total keeps its digits relative to the whole trace: after ten
 * million steps only 1e-9 of one is left, and after a segment without any known cost, whose steps are as many as the floor
 * of the step time allows, nothing at all.
 */
export interface PrefixSums {
  /** Boundary g: the rounded sum at `2 g`, and what rounding took away beside it. */
  readonly pairs: Float64Array;
}

/** Room for the running sums of `segmentCount` terms, to be filled again and again. */
export const emptyPrefixSums = (segmentCount: number): PrefixSums => ({
  pairs: new Float64Array(2 * (segmentCount + 1)),
});

/**
 * Sums a column of terms from the first boundary to every other one: O(terms).
 *
 * @param terms one a segment; for an integral, the signal times the segment's length
 * @param into overwritten and returned, where given
 */
export const prefixSum = (terms: Float64Array, into: PrefixSums = emptyPrefixSums(terms.length)): PrefixSums => {
  const { pairs } = into;
  let sum = 0;
  let rest = 0;
  pairs[0] = 0;
  pairs[1] = 0;
  for (let j = 0; j < terms.length; j++) {
    const term = terms[j];
    const next = sum + term;
    rest += roundingOf(sum, term, next);
    sum = next;
    pairs[2 * j + 2] = sum;
    pairs[2 * j + 3] = rest;
  }
  return into;
};

/** The sum of the terms from boundary `from` to boundary `to`. */
export const sumBetween = ({ pairs }: PrefixSums, from: number, to: number): number => {
  const a = 2 * from;
  const b = 2 * to;
  return pairs[b] - pairs[a] + (pairs[b + 1] - pairs[a + 1]);
};

/** The sum of the terms over each phase. */
export const sumOverPhases = (
  { startIndex, endIndex }: TimeGrid,
  sums: PrefixSums,
  into: Float64Array = new Float64Array(startIndex.length),
): Float64Array => {
  for (let i = 0; i < into.length; i++) {
    into[i] = sumBetween(sums, startIndex[i], endIndex[i]);
  }
  return into;
};

/** The running integral of a signal that is constant on every segment. */
export const prefixIntegral = ({ segmentSec, segmentCount }: TimeGrid, signal: Float64Array): PrefixSums => {
  const terms = new Float64Array(segmentCount);
  for (let j = 0; j < segmentCount; j++) terms[j] = segmentSec[j] * signal[j];
  return prefixSum(terms);
};
