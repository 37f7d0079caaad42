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
    for (let q = start[c]; q < start[c + 1]; q++) {
      const e = incident[q];
      const u = from[e];
      const v = to[e];
      const other = u === c ? v : u;
      if (other >= c) continue;
      const span = expected[e] - gap[e];
      const w = weight[e];
      total += w;
      sum += w * (offsets[other] + (v === c ? span : -span));
    }
    if (total > 0) offsets[c] = sum / total;
  }
};
