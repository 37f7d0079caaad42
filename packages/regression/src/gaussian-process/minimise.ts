/** A value and its gradient; an infinite value marks a point where the function is not defined. */
export type DifferentiableFunction = (x: Float64Array) => { readonly value: number; readonly gradient: Float64Array };

export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/**
 * Quasi-Newton descent (BFGS with backtracking; Nocedal and Wright 2006, algorithm 6.1) for a handful of variables inside a box: steps are clipped to
 * the box, and variables that the gradient presses against a wall stand still.
 */
export const minimiseInBox = (
  f: DifferentiableFunction,
  start: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
  { maxIterations = 100, tolerance = 1e-5 }: { readonly maxIterations?: number; readonly tolerance?: number } = {},
): Minimum => {
  const n = start.length;
  const clip = (x: Float64Array) => x.map((value, k) => Math.min(Math.max(value, lower[k]), upper[k]));
  let x = clip(start);
  let { value, gradient } = f(x);
  let inverseHessian = identity(n);
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const free = (k: number) => !(x[k] <= lower[k] && gradient[k] > 0) && !(x[k] >= upper[k] && gradient[k] < 0);
    const steepest = gradient.map((g, k) => (free(k) ? -g : 0));
    if (Math.max(...steepest.map(Math.abs)) < tolerance) return { x, value, iterations: iteration, converged: true };
    let direction = multiply(inverseHessian, steepest).map((d, k) => (free(k) ? d : 0));
    if (!(dot(direction, gradient) < 0)) {
      inverseHessian = identity(n);
      direction = steepest;
    }
    // A first step of unit length at most: the variables are logarithms.
    const longest = Math.max(...direction.map(Math.abs));
    let step = longest > 1 ? 1 / longest : 1;
    let next = x;
    let at = { value: Number.POSITIVE_INFINITY, gradient };
    for (let trial = 0; trial < 30; trial++, step /= 2) {
      next = clip(x.map((v, k) => v + step * direction[k]));
      at = f(next);
      const moved = next.map((v, k) => v - x[k]);
      if (at.value <= value + 1e-4 * dot(moved, gradient)) break;
      at = { value: Number.POSITIVE_INFINITY, gradient };
    }
    if (!(at.value < value)) return { x, value, iterations: iteration, converged: true };
    const s = next.map((v, k) => v - x[k]);
    const y = at.gradient.map((g, k) => g - gradient[k]);
    inverseHessian = updated(inverseHessian, s, y);
    const gained = value - at.value;
    ({ value, gradient } = at);
    x = next;
    if (gained < 1e-10 * (1 + Math.abs(value))) return { x, value, iterations: iteration + 1, converged: true };
  }
  return { x, value, iterations: maxIterations, converged: false };
};

const identity = (n: number): Float64Array =>
  Float64Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0));

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, v, k) => sum + v * b[k], 0);

const multiply = (matrix: Float64Array, v: Float64Array): Float64Array =>
  v.map((_, i) => dot(matrix.subarray(i * v.length, (i + 1) * v.length), v));

/** BFGS: `H+ = (I - s y'/ys) H (I - y s'/ys) + s s'/ys`; kept as it is where the curvature is not positive. */
const updated = (h: Float64Array, s: Float64Array, y: Float64Array): Float64Array => {
  const n = s.length;
  const ys = dot(y, s);
  if (!(ys > 1e-12)) return h;
  const hy = multiply(h, y);
  const scale = (1 + dot(y, hy) / ys) / ys;
  return h.map((value, k) => {
    const i = Math.floor(k / n);
    const j = k % n;
    const si = s[i];
    const sj = s[j];
    return value + scale * si * sj - (hy[i] * sj + si * hy[j]) / ys;
  });
};
