import type { TimeGrid } from './time-grid.js';

/** Segments that share one origin of the running integral. A power of two. */
const SPAN_BITS = 10;
const SPAN = 1 << SPAN_BITS;

/**
 * The integral of a piecewise constant signal from the first boundary to every other one, ready for differences.
 *
 * A plain running total of a long trace keeps only 1e-9 of a single step (ten million steps, sixteen digits). So the
 * running value starts anew every 1024 segments, and the origins are kept as unevaluated sums of two doubles.
 */
export interface PrefixIntegral {
  /** Integral from the origin of its span of 1024 to boundary g. */
  readonly within: Float64Array;
  /** Integral from the trace's start to the origin of span s: rounded, and what rounding took away. */
  readonly origin: Float64Array;
  readonly originRest: Float64Array;
}

/** Room for the integral of any signal on this grid, to be filled again and again. */
export const emptyPrefixIntegral = ({ segmentCount }: TimeGrid): PrefixIntegral => {
  const spans = (segmentCount >>> SPAN_BITS) + 1;
  return {
    within: new Float64Array(segmentCount + 1),
    origin: new Float64Array(spans),
    originRest: new Float64Array(spans),
  };
};

/**
 * Integrates `values` (one a segment) over time: O(segments).
 *
 * @param weights multiplied in, one a segment: integrates `values * weights`. Default 1.
 * @param into overwritten and returned, where given
 */
export const prefixIntegral = (
  grid: TimeGrid,
  values: Float64Array,
  weights?: Float64Array,
  into: PrefixIntegral = emptyPrefixIntegral(grid),
): PrefixIntegral => {
  const { within, origin, originRest } = into;
  const { segmentSec, segmentCount } = grid;
  let total = 0;
  let rest = 0;
  for (let span = 0, from = 0; from <= segmentCount; span++, from += SPAN) {
    origin[span] = total;
    originRest[span] = rest;
    const to = Math.min(from + SPAN, segmentCount);
    let sum = 0;
    within[from] = 0;
    for (let j = from; j < to; j++) {
      const value = (values[j] as number) * (segmentSec[j] as number);
      sum += weights === undefined ? value : value * (weights[j] as number);
      // The last one of a span is overwritten: that boundary is the origin of the next.
      within[j + 1] = sum;
    }
    const next = total + sum;
    const asAdded = next - total;
    rest += total - (next - asAdded) + (sum - asAdded);
    total = next;
  }
  return into;
};

/** The integral from boundary `from` to boundary `to`. */
export const integralBetween = (integral: PrefixIntegral, from: number, to: number): number => {
  const { within, origin, originRest } = integral;
  const a = from >>> SPAN_BITS;
  const b = to >>> SPAN_BITS;
  const inside = (within[to] as number) - (within[from] as number);
  return a === b
    ? inside
    : (origin[b] as number) - (origin[a] as number) + ((originRest[b] as number) - (originRest[a] as number)) + inside;
};

/** The integral over each phase. */
export const integralOverPhases = ({ startIndex, endIndex }: TimeGrid, integral: PrefixIntegral): Float64Array => {
  const result = new Float64Array(startIndex.length);
  for (let i = 0; i < result.length; i++) {
    result[i] = integralBetween(integral, startIndex[i] as number, endIndex[i] as number);
  }
  return result;
};
