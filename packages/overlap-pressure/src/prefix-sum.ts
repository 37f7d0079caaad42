import type { TimeGrid } from './time-grid.js';

/** Boundary g belongs to span `g >>> SPAN_BITS`. */
export const SPAN_BITS = 10;
/** Segments that share one origin of the running sums. */
export const SPAN = 1 << SPAN_BITS;

/**
 * Running sums over the segments of one or several columns of terms, ready for differences between boundaries. Several
 * columns lie side by side, so that looking them all up at a boundary touches one place in memory.
 *
 * A plain running total of a long trace keeps only 1e-9 of a single step (ten million steps, sixteen digits). So the
 * running values start anew every 1024 segments, and the origins are kept as unevaluated sums of two doubles.
 */
export interface PrefixSums {
  readonly lanes: number;
  /** From the origin of its span of 1024 segments to boundary g: lane l at `g * lanes + l`. */
  readonly within: Float64Array;
  /** From the trace's start to the origin of span s, lane l at `s * lanes + l`: rounded, and what rounding took away. */
  readonly origin: Float64Array;
  readonly originRest: Float64Array;
}

/** Room for the running sums of `lanes` columns of `segmentCount` terms, to be filled again and again. */
export const emptyPrefixSums = (segmentCount: number, lanes = 1): PrefixSums => {
  const spans = (segmentCount >>> SPAN_BITS) + 1;
  return {
    lanes,
    within: new Float64Array((segmentCount + 1) * lanes),
    origin: new Float64Array(spans * lanes),
    originRest: new Float64Array(spans * lanes),
  };
};

/** Sets the origins of a span: those of the span before (zero for the first) and its sums, one a lane. */
export const beginSpan = (
  { lanes, origin, originRest }: PrefixSums,
  span: number,
  sumsBefore: ArrayLike<number>,
): void => {
  for (let lane = 0; lane < lanes; lane++) {
    const here = span * lanes + lane;
    if (span === 0) {
      origin[here] = 0;
      originRest[here] = 0;
      continue;
    }
    const total = origin[here - lanes] as number;
    const sum = sumsBefore[lane] as number;
    const next = total + sum;
    const asAdded = next - total;
    origin[here] = next;
    originRest[here] = (originRest[here - lanes] as number) + (total - (next - asAdded) + (sum - asAdded));
  }
};

/**
 * Sums one column of terms from the first boundary to every other one: O(terms).
 *
 * @param terms one a segment; for an integral, the signal times the segment's length
 * @param into of one lane; overwritten and returned, where given
 */
export const prefixSum = (terms: Float64Array, into: PrefixSums = emptyPrefixSums(terms.length)): PrefixSums => {
  const sums = [0];
  for (let span = 0, from = 0; from <= terms.length; span++, from += SPAN) {
    beginSpan(into, span, sums);
    sums[0] = sumWithin(terms, into.within, from, Math.min(from + SPAN, terms.length));
  }
  return into;
};

/** One span's running sums, from 0. The boundary at its end is overwritten by the next span, whose origin it is. */
const sumWithin = (terms: Float64Array, within: Float64Array, from: number, to: number): number => {
  let sum = 0;
  for (let j = from; j < to; j++) {
    within[j] = sum;
    sum += terms[j] as number;
  }
  within[to] = sum;
  return sum;
};

/** The sum of a lane's terms from boundary `from` to boundary `to`, `from <= to`. */
export const sumBetween = (sums: PrefixSums, from: number, to: number, lane = 0): number => {
  const { lanes, within, origin, originRest } = sums;
  const a = (from >>> SPAN_BITS) * lanes + lane;
  const b = (to >>> SPAN_BITS) * lanes + lane;
  const inside = (within[to * lanes + lane] as number) - (within[from * lanes + lane] as number);
  return a === b
    ? inside
    : (origin[b] as number) - (origin[a] as number) + ((originRest[b] as number) - (originRest[a] as number)) + inside;
};

/** The running integral of a signal that is constant on every segment. */
export const prefixIntegral = ({ segmentSec }: TimeGrid, signal: Float64Array): PrefixSums =>
  prefixSum(segmentSec.map((length, j) => length * (signal[j] as number)));
