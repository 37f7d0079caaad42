import type { ClockProblem } from './clock-problem.js';
import { leastCorrection } from './least-correction.js';
import type { OffsetGraph } from './offset-graph.js';

/**
 * The clock with every count as a soft constraint: nodes are unknowns of their own, segments and counts are edges between
 * them. Edge e is segment `segment[e]`, or for `e >= segments` the count of decode `e - segments`.
 */
export interface LooseClock {
  readonly graph: OffsetGraph;
  /** How many of the edges are segments. */
  readonly segments: number;
  /** Decodes whose counts are edges. */
  readonly decodes: Int32Array;
}

export const looseClock = ({ frame, columns }: ClockProblem): LooseClock => {
  const { busy, decodeStart, decodeEnd, nodeSec } = frame;
  const { decodes } = columns;
  const counted: number[] = [];
  for (let i = 0; i < decodes.length; i++) if (decodes.cut[i] === 0) counted.push(i);
  const segment: number[] = [];
  for (let j = 0; j < busy.length; j++) if (busy[j] === 1) segment.push(j);
  const edges = segment.length + counted.length;
  const from = new Int32Array(edges);
  const to = new Int32Array(edges);
  for (const [e, j] of segment.entries()) {
    from[e] = j;
    to[e] = j + 1;
  }
  for (const [q, i] of counted.entries()) {
    from[segment.length + q] = decodeStart[i];
    to[segment.length + q] = decodeEnd[i];
  }
  const none = new Int32Array(0);
  return {
    graph: {
      components: nodeSec.length,
      edges,
      segment: Int32Array.from(segment),
      from,
      to,
      gap: new Float64Array(edges),
      start: none,
      incident: none,
    },
    segments: segment.length,
    decodes: Int32Array.from(counted),
  };
};

/** A count that fits within this many steps is as good as exact. */
const CLOSE = 0.1;
const PASSES = 2;
const CG_TOLERANCE = 1e-3;
const CG_ITERATIONS = 200;

/**
 * Least absolute deviations of the counts: minimises `sum w_j (k_j - k0_j)^2 / 2 + lambda sum |K(to_i) - K(from_i) - N_i|` by
 * iterated reweighting. A count that does not fit gives way with a bounded force, so that a minority of wrong ones (decodes
 * that were preempted count fewer steps than the engine took) does not bend the clock.
 *
 * @param expected k0 by segment
 * @param variance of k - k0 by segment
 * @param clock K by node; the start, overwritten
 * @param slack result by entry of `decodes`: steps that passed during the decode beyond its count
 * @param hold weights of the counts, by entry of `decodes`, carried from call to call; zeros to begin with
 */
export const leastAbsoluteClock = (
  loose: LooseClock,
  steps: Float64Array,
  expected: Float64Array,
  variance: Float64Array,
  force: number,
  clock: Float64Array,
  slack: Float64Array,
  hold: Float64Array,
): void => {
  const { graph, segments, decodes } = loose;
  const { edges, from, to } = graph;
  const target = new Float64Array(edges);
  const weight = new Float64Array(edges);
  for (let e = 0; e < segments; e++) {
    const j = graph.segment[e];
    target[e] = expected[j];
    weight[e] = 1 / variance[j];
  }
  for (let q = 0; q < decodes.length; q++) target[segments + q] = steps[decodes[q]];
  for (let pass = 0; pass < PASSES; pass++) {
    for (let q = 0; q < decodes.length; q++) {
      const e = segments + q;
      const s = clock[to[e]] - clock[from[e]] - target[e];
      // A count is a lower bound: a clock that falls short of it is wrong, however far.
      const wanted = force / Math.max(s, CLOSE);
      // Half way, on a scale of ratios: one that has just given way falls short next time, and would be held, and give way.
      const held = hold[q];
      hold[q] = held > 0 ? Math.sqrt(held * wanted) : wanted;
      weight[e] = hold[q];
    }
    leastCorrection(graph, target, weight, clock, CG_TOLERANCE, CG_ITERATIONS);
  }
  for (let q = 0; q < decodes.length; q++) {
    const e = segments + q;
    slack[q] = clock[to[e]] - clock[from[e]] - target[e];
  }
};
