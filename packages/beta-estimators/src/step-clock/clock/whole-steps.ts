import type { OffsetGraph } from './offset-graph.js';

/** An offset is rounded when the standard deviation of its real-valued estimate is below this many steps. */
const SURE = 0.25;
const ENOUGH_WEIGHT = 1 / (SURE * SURE);
/** A real-valued offset that moves by less has come to rest. */
const REAL_MOVE = 0.01;
const SWEEPS = 20;

export interface WholeSteps {
  /** Offsets that could not be rounded with confidence and stayed real. */
  readonly unsure: number;
  /** Whether the sweeps came to rest. */
  readonly settled: boolean;
}

/**
 * Steps are whole: K counts them. Rounds the real-valued offsets x to whole ones, in two passes.
 *
 * First along time, as one unwraps a phase: each component is shifted as its earlier neighbours were by their rounding, and
 * then rounded itself, so that a drift of the real-valued clock over many components does no harm. Then each component is set to
 * the whole number nearest to what all its neighbours expect, until nothing moves (iterated conditional modes; Besag
 * 1986, doi:10.1111/j.2517-6161.1986.tb01412.x). A component whose neighbours do not pin it to a quarter of a step stays real.
 *
 * @param x real-valued offsets
 * @param expected k0 by edge
 * @param weight inverse variance of k - k0 by edge, 1/steps^2
 * @param whole result, one value a component
 */
export const wholeSteps = (
  graph: OffsetGraph,
  x: Float64Array,
  expected: Float64Array,
  weight: Float64Array,
  whole: Float64Array,
): WholeSteps => {
  const { components, start, incident, from, to, gap } = graph;
  for (let c = 0; c < components; c++) {
    let total = 0;
    let shift = 0;
    for (let q = start[c]; q < start[c + 1]; q++) {
      const e = incident[q];
      const other = from[e] === c ? to[e] : from[e];
      if (other >= c) continue;
      total += weight[e];
      shift += weight[e] * (whole[other] - x[other]);
    }
    // Where no earlier neighbour is, a busy period begins, and its clock may begin anywhere.
    const moved = x[c] + (total > 0 ? shift / total : 0);
    whole[c] = total === 0 || total > ENOUGH_WEIGHT ? Math.round(moved) : moved;
  }
  // A component is looked at again only when a neighbour has moved.
  const stale = new Uint8Array(components).fill(1);
  const real = new Uint8Array(components);
  let settled = false;
  for (let sweep = 0; sweep < SWEEPS && !settled; sweep++) {
    settled = true;
    for (let c = 0; c < components; c++) {
      if (stale[c] === 0) continue;
      stale[c] = 0;
      let total = 0;
      let sum = 0;
      const first = start[c];
      const end = start[c + 1];
      for (let q = first; q < end; q++) {
        const e = incident[q];
        const w = weight[e];
        const span = expected[e] - gap[e];
        total += w;
        sum += w * (to[e] === c ? whole[from[e]] + span : whole[to[e]] - span);
      }
      if (total === 0) continue;
      const sure = total > ENOUGH_WEIGHT;
      const mean = sum / total;
      const value = sure ? Math.round(mean) : mean;
      real[c] = sure ? 0 : 1;
      const move = Math.abs(value - whole[c]);
      whole[c] = value;
      if (!(move > REAL_MOVE)) continue;
      settled = false;
      for (let q = first; q < end; q++) {
        const e = incident[q];
        stale[from[e] === c ? to[e] : from[e]] = 1;
      }
    }
  }
  let unsure = 0;
  for (let c = 0; c < components; c++) unsure += real[c];
  return { unsure, settled };
};
