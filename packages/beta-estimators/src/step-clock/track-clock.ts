import type { OffsetGraph } from './offset-graph.js';

/**
 * Follows the clock along time: each component is put where its earlier neighbours expect it. With coefficients that are
 * nearly right this is as good a start for rounding as the least-squares clock, at the cost of one pass.
 *
 * @param offsets overwritten; a component without earlier neighbours, the start of a busy period, keeps its value
 */
export const trackClock = (
  { components, start, incident, from, to, gap }: OffsetGraph,
  expected: Float64Array,
  weight: Float64Array,
  offsets: Float64Array,
): void => {
  for (let c = 0; c < components; c++) {
    let total = 0;
    let sum = 0;
    for (let q = start[c] as number; q < (start[c + 1] as number); q++) {
      const e = incident[q] as number;
      const u = from[e] as number;
      const v = to[e] as number;
      const other = u === c ? v : u;
      if (other >= c) continue;
      const span = (expected[e] as number) - (gap[e] as number);
      const w = weight[e] as number;
      total += w;
      sum += w * ((offsets[other] as number) + (v === c ? span : -span));
    }
    if (total > 0) offsets[c] = sum / total;
  }
};
