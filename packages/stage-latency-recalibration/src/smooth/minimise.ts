/** A function's value and gradient at a point; an infinite value marks a point where it is not defined. */
export interface Evaluation {
  readonly value: number;
  readonly gradient: Float64Array;
}

const ARMIJO = 1e-4;
const LONGEST_STEP = 2;

/**
 * Minimises a smooth function of a few variables by BFGS with backtracking (Nocedal and Wright 2006, algorithm 6.1). Steps are held short: the
 * variables are logarithms, and a factor of e^2 at a time is far enough.
 */
export const minimise = (
  f: (x: Float64Array) => Evaluation,
  start: Float64Array,
  { maxIterations = 100, tolerance = 5e-3 }: { readonly maxIterations?: number; readonly tolerance?: number } = {},
): Float64Array => {
  const d = start.length;
  let x = start;
  let at = f(x);
  // Inverse Hessian, row-major.
  let h = identity(d);
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    let direction = times(h, at.gradient, d).map((value) => -value);
    let slope = dot(direction, at.gradient);
    if (!(slope < 0)) {
      h = identity(d);
      direction = at.gradient.map((value) => -value);
      slope = dot(direction, at.gradient);
    }
    const longest = direction.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (!(longest > 0)) return x;
    let step = Math.min(1, LONGEST_STEP / longest);
    let next = x;
    let there = at;
    for (let halving = 0; ; halving++) {
      next = x.map((value, i) => value + step * (direction[i] as number));
      there = f(next);
      if (there.value <= at.value + ARMIJO * step * slope) break;
      if (halving === 30) return x;
      step /= 2;
    }
    const moved = next.map((value, i) => value - (x[i] as number));
    const turned = there.gradient.map((value, i) => value - (at.gradient[i] as number));
    const fell = at.value - there.value;
    x = next;
    at = there;
    if (fell < tolerance) return x;
    const curvature = dot(moved, turned);
    if (curvature > 1e-12) h = updated(h, moved, turned, curvature, d);
  }
  return x;
};

const identity = (d: number): Float64Array =>
  Float64Array.from({ length: d * d }, (_, k) => (k % (d + 1) === 0 ? 1 : 0));

const dot = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

const times = (h: Float64Array, v: Float64Array, d: number): Float64Array =>
  Float64Array.from({ length: d }, (_, i) => dot(h.subarray(i * d, (i + 1) * d), v));

/** The BFGS update of the inverse Hessian. */
const updated = (h: Float64Array, s: Float64Array, y: Float64Array, sy: number, d: number): Float64Array => {
  const hy = times(h, y, d);
  const factor = (1 + dot(y, hy) / sy) / sy;
  return h.map((value, k) => {
    const i = Math.floor(k / d);
    const j = k % d;
    const si = s[i] as number;
    const sj = s[j] as number;
    return value + factor * si * sj - ((hy[i] as number) * sj + si * (hy[j] as number)) / sy;
  });
};
