/** A function's value and gradient at a point; an infinite value marks a point where it is not defined. */
export interface Evaluation {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** Where a minimisation ended, and what it learnt of the curvature there: a start for the next one nearby. */
export interface Minimum {
  readonly x: Float64Array;
  /** Approximate inverse Hessian, row-major. */
  readonly inverseHessian: Float64Array;
}

interface MinimiseOptions {
  readonly maxIterations?: number;
  /** Ends when a step gains less than this. */
  readonly tolerance?: number;
  /** Of a minimum nearby; default: unknown, and the first step goes down the gradient. */
  readonly inverseHessian?: Float64Array | undefined;
}

const ARMIJO = 1e-4;
const LONGEST_STEP = 2;
/** Down a bare gradient, whose length says nothing. */
const FIRST_STEP = 0.5;

/**
 * Minimises a smooth function of a few variables by BFGS with backtracking (Nocedal and Wright 2006, algorithm 6.1, first scaling 6.20). Steps are
 * held short: the variables are logarithms, and a factor of e^2 at a time is far enough.
 */
export const minimise = (
  f: (x: Float64Array) => Evaluation,
  start: Float64Array,
  { maxIterations = 100, tolerance = 5e-3, inverseHessian }: MinimiseOptions = {},
): Minimum => {
  const d = start.length;
  let x = start;
  let at = f(x);
  let h = inverseHessian ?? identity(d);
  let bare = inverseHessian === undefined;
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    let direction = times(h, at.gradient, d).map((value) => -value);
    let slope = dot(direction, at.gradient);
    if (!(slope < 0)) {
      h = identity(d);
      bare = true;
      direction = at.gradient.map((value) => -value);
      slope = dot(direction, at.gradient);
    }
    const longest = direction.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (!(longest > 0)) break;
    let step = Math.min(1, (bare ? FIRST_STEP : LONGEST_STEP) / longest);
    let next = x;
    let there = at;
    let halving = 0;
    for (; halving <= 30; halving++) {
      next = x.map((value, i) => value + step * direction[i]);
      there = f(next);
      if (there.value <= at.value + ARMIJO * step * slope) break;
      step /= 2;
    }
    if (halving > 30) break;
    const moved = next.map((value, i) => value - x[i]);
    const turned = there.gradient.map((value, i) => value - at.gradient[i]);
    const fell = at.value - there.value;
    x = next;
    at = there;
    const curvature = dot(moved, turned);
    if (curvature > 1e-12) {
      if (bare) h = h.map((value) => (value * curvature) / dot(turned, turned));
      bare = false;
      h = updated(h, moved, turned, curvature, d);
    }
    if (fell < tolerance) break;
  }
  return { x, inverseHessian: h };
};

const identity = (d: number): Float64Array =>
  Float64Array.from({ length: d * d }, (_, k) => (k % (d + 1) === 0 ? 1 : 0));

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i], 0);

const times = (h: Float64Array, v: Float64Array, d: number): Float64Array =>
  Float64Array.from({ length: d }, (_, i) => dot(h.subarray(i * d, (i + 1) * d), v));

/** The BFGS update of the inverse Hessian. */
const updated = (h: Float64Array, s: Float64Array, y: Float64Array, sy: number, d: number): Float64Array => {
  const hy = times(h, y, d);
  const factor = (1 + dot(y, hy) / sy) / sy;
  return h.map((value, k) => {
    const i = Math.floor(k / d);
    const j = k % d;
    const si = s[i];
    const sj = s[j];
    return value + factor * si * sj - (hy[i] * sj + si * hy[j]) / sy;
  });
};
