import type { ClockFrame } from '../trace/clock-frame.js';
import type { CountTies } from './count-ties.js';

/**
 * The unknown offsets x of the components, and the segments that couple them. Edge e is segment `segment[e]`, between nodes
 * of the components `from[e]` and `to[e]`: it has `k = x[to] - x[from] + gap[e]` steps. Segments inside one component, and
 * idle ones, couple nothing.
 */
export interface OffsetGraph {
  readonly components: number;
  /** Edges in the order of time. */
  readonly edges: number;
  readonly segment: Int32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly gap: Float64Array;
  /** The edges of component c are `incident[start[c]] ... incident[start[c + 1] - 1]`. */
  readonly start: Int32Array;
  readonly incident: Int32Array;
}

export const offsetGraph = ({ busy }: ClockFrame, { component, offset, components }: CountTies): OffsetGraph => {
  const segment = new Int32Array(busy.length);
  const from = new Int32Array(busy.length);
  const to = new Int32Array(busy.length);
  const gap = new Float64Array(busy.length);
  const start = new Int32Array(components + 1);
  let edges = 0;
  for (let j = 0; j < busy.length; j++) {
    const u = component[j];
    const v = component[j + 1];
    if (busy[j] === 0 || u === v) continue;
    segment[edges] = j;
    from[edges] = u;
    to[edges] = v;
    gap[edges] = offset[j + 1] - offset[j];
    start[u + 1] = start[u + 1] + 1;
    start[v + 1] = start[v + 1] + 1;
    edges++;
  }
  for (let c = 0; c < components; c++) start[c + 1] = start[c + 1] + start[c];
  const incident = new Int32Array(2 * edges);
  const next = start.slice();
  for (let e = 0; e < edges; e++) {
    for (const c of [from[e], to[e]]) {
      incident[next[c]] = e;
      next[c] = next[c] + 1;
    }
  }
  return {
    components,
    edges,
    segment: segment.subarray(0, edges),
    from: from.subarray(0, edges),
    to: to.subarray(0, edges),
    gap: gap.subarray(0, edges),
    start,
    incident,
  };
};
