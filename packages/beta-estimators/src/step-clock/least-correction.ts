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
): LeastCorrection => {
  const { components: n, edges, from, to, gap } = graph;
  const residual = new Float64Array(n);
  const diagonal = new Float64Array(n);
  // What rounding leaves of the residual at best: below it the iteration would only amplify, and the Laplacian is singular.
  const rounding = new Float64Array(n);
  for (let e = 0; e < edges; e++) {
    const u = from[e] as number;
    const v = to[e] as number;
    const w = weight[e] as number;
    const span = (expected[e] as number) - (gap[e] as number);
    const xu = x[u] as number;
    const xv = x[v] as number;
    const pull = w * (span - xv + xu);
    const lost = w * (Math.abs(span) + Math.abs(xu) + Math.abs(xv));
    rounding[u] = (rounding[u] as number) + lost;
    rounding[v] = (rounding[v] as number) + lost;
    residual[v] = (residual[v] as number) + pull;
    residual[u] = (residual[u] as number) - pull;
    diagonal[v] = (diagonal[v] as number) + w;
    diagonal[u] = (diagonal[u] as number) + w;
  }
  const inverse = diagonal.map((d) => (d > 0 ? 1 / d : 0));
  const direction = new Float64Array(n);
  const image = new Float64Array(n);
  let rz = 0;
  let least = 0;
  for (let c = 0; c < n; c++) {
    const r = residual[c] as number;
    least += ((rounding[c] as number) * Number.EPSILON) ** 2 * (inverse[c] as number);
    direction[c] = r * (inverse[c] as number);
    rz += r * (direction[c] as number);
  }
  const start = rz;
  let iterations = 0;
  while (iterations < maxIterations && rz > tolerance * tolerance * start && rz > least) {
    image.fill(0);
    let curvature = 0;
    for (let e = 0; e < edges; e++) {
      const u = from[e] as number;
      const v = to[e] as number;
      const difference = (direction[v] as number) - (direction[u] as number);
      const flow = (weight[e] as number) * difference;
      image[v] = (image[v] as number) + flow;
      image[u] = (image[u] as number) - flow;
      curvature += flow * difference;
    }
    if (!(curvature > 0)) break;
    const step = rz / curvature;
    let next = 0;
    for (let c = 0; c < n; c++) {
      x[c] = (x[c] as number) + step * (direction[c] as number);
      const r = (residual[c] as number) - step * (image[c] as number);
      residual[c] = r;
      next += r * r * (inverse[c] as number);
    }
    const beta = next / rz;
    rz = next;
    for (let c = 0; c < n; c++) {
      direction[c] = (residual[c] as number) * (inverse[c] as number) + beta * (direction[c] as number);
    }
    iterations++;
  }
  return { iterations, reduction: start > 0 ? Math.sqrt(rz / start) : 0 };
};
