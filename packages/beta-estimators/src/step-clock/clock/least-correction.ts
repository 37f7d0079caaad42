import type { OffsetGraph } from './offset-graph.js';

export interface LeastCorrection {
  readonly iterations: number;
  /** Final over initial norm of the residual. */
  readonly reduction: number;
}

/**
 * The least change of the expected steps that meets every count: minimises `sum_e w_e (x_v - x_u + gap_e - k0_e)^2` over
 * the offsets x, a graph Laplacian, by conjugate gradients from the x given (which is overwritten).
 *
 * @param expected k0 by edge
 * @param weight w by edge, 1 / v
 */
export const leastCorrection = (
  graph: OffsetGraph,
  expected: Float64Array,
  weight: Float64Array,
  x: Float64Array,
  tolerance: number,
  maxIterations: number,
  enough = 0,
): LeastCorrection => {
  const { components: n, edges, from, to, gap } = graph;
  const residual = new Float64Array(n);
  const diagonal = new Float64Array(n);
  // What rounding leaves of the residual at best: below it the iteration would only amplify, and the Laplacian is singular.
  const rounding = new Float64Array(n);
  for (let e = 0; e < edges; e++) {
    const u = from[e];
    const v = to[e];
    const w = weight[e];
    const span = expected[e] - gap[e];
    const xu = x[u];
    const xv = x[v];
    const pull = w * (span - xv + xu);
    const lost = w * (Math.abs(span) + Math.abs(xu) + Math.abs(xv));
    rounding[u] = rounding[u] + lost;
    rounding[v] = rounding[v] + lost;
    residual[v] = residual[v] + pull;
    residual[u] = residual[u] - pull;
    diagonal[v] = diagonal[v] + w;
    diagonal[u] = diagonal[u] + w;
  }
  const inverse = diagonal;
  for (let c = 0; c < n; c++) inverse[c] = diagonal[c] > 0 ? 1 / diagonal[c] : 0;
  const direction = new Float64Array(n);
  const image = new Float64Array(n);
  let rz = 0;
  let least = 0;
  for (let c = 0; c < n; c++) {
    const r = residual[c];
    least += (rounding[c] * Number.EPSILON) ** 2 * inverse[c];
    direction[c] = r * inverse[c];
    rz += r * direction[c];
  }
  const start = rz;
  let iterations = 0;
  while (iterations < maxIterations && rz > tolerance * tolerance * start && rz > least && rz > enough * n) {
    image.fill(0);
    let curvature = 0;
    for (let e = 0; e < edges; e++) {
      const u = from[e];
      const v = to[e];
      const difference = direction[v] - direction[u];
      const flow = weight[e] * difference;
      image[v] = image[v] + flow;
      image[u] = image[u] - flow;
      curvature += flow * difference;
    }
    if (!(curvature > 0)) break;
    const step = rz / curvature;
    let next = 0;
    for (let c = 0; c < n; c++) {
      x[c] = x[c] + step * direction[c];
      const r = residual[c] - step * image[c];
      residual[c] = r;
      next += r * r * inverse[c];
    }
    const beta = next / rz;
    rz = next;
    for (let c = 0; c < n; c++) {
      direction[c] = residual[c] * inverse[c] + beta * direction[c];
    }
    iterations++;
  }

  return { iterations, reduction: start > 0 ? Math.sqrt(rz / start) : 0 };
};
