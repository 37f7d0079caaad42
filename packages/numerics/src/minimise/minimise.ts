/** A function's value and gradient at a point; an infinite value marks a point where it is not defined. */
export interface Evaluation {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** Where a minimisation ended, and what it learnt of the curvature there: a start for the next one nearby. */
export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  /** Approximate inverse Hessian, row by row. */
  readonly inverseHessian: Float64Array;
  readonly iterations: number;
  /** False where the iterations ran out first. */
  readonly converged: boolean;
}

export interface MinimiseOptions {
  /** Default 100. */
  readonly maxIterations?: number;
  /** Ends when a step gains less than this (two in a row, while the curvature is unknown); default 5e-3, for logarithms of a likelihood. */
  readonly tolerance?: number;
  /** Of a minimum nearby; default: unknown, and the first step goes down the gradient. */
  readonly inverseHessian?: Float64Array | undefined;
  /** A box around `x`; default none. */
  readonly bounds?: { readonly lower: Float64Array; readonly upper: Float64Array } | undefined;
}

/** Share of the gain that the slope promises which a step must reach (Nocedal and Wright 2006, section 3.1). */
const ARMIJO = 1e-4;
const LONGEST_STEP = 2;
/** Down a bare gradient, whose length says little: the units of the function are in it. */
const SHORTEST_FIRST_STEP = 1e-3;
const LONGEST_FIRST_STEP = 0.5;
const MOST_HALVINGS = 30;
/** Cosine between a step and the turn of the gradient, at and below which their product is rounding and tells no curvature. */
const LEAST_CURVATURE = 1e-10;

/**
 * Minimises a smooth function of a few variables by BFGS with backtracking (Nocedal and Wright 2006, algorithm 6.1, first scaling 6.20). Steps are
 * held short: the variables are logarithms, and a factor of e^2 at a time is far enough. At a wall of the box, variables that the gradient
 * presses against it stand still. A minimum is one to the tolerance: what a step gains, not how flat it is.
 *
 * @param f of `start.length` variables
 * @param start inside the box, or clipped into it
 */
export const minimise = (
  f: (x: Float64Array) => Evaluation,
  start: Float64Array,
  { maxIterations = 100, tolerance = 5e-3, inverseHessian, bounds }: MinimiseOptions = {},
): Minimum => {
  const d = start.length;
  const clipped = (x: Float64Array): Float64Array =>
    bounds === undefined ? x : x.map((value, i) => Math.min(Math.max(value, bounds.lower[i]), bounds.upper[i]));
  const isPressed = (value: number, slope: number, i: number): boolean =>
    bounds !== undefined && ((value <= bounds.lower[i] && slope > 0) || (value >= bounds.upper[i] && slope < 0));
  let x = clipped(start);
  let at = f(x);
  let h = inverseHessian ?? identity(d);
  let bare = inverseHessian === undefined;
  let stalled = 0;
  const ended = (iterations: number, converged: boolean): Minimum => ({
    x,
    value: at.value,
    inverseHessian: h,
    iterations,
    // A start where the function is not defined is no minimum.
    converged: converged && Number.isFinite(at.value),
  });
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const held = x.map((value, i) => (isPressed(value, at.gradient[i], i) ? 1 : 0));
    const steepest = at.gradient.map((slope, i) => (held[i] === 1 ? 0 : -slope));
    let direction = times(h, steepest, d).map((value, i) => (held[i] === 1 ? 0 : value));
    if (!(dot(direction, steepest) > 0)) {
      h = identity(d);
      bare = true;
      direction = steepest;
    }
    const longest = direction.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (!(longest > 0)) return ended(iteration, true);
    const length = bare
      ? Math.min(Math.max(longest, SHORTEST_FIRST_STEP), LONGEST_FIRST_STEP)
      : Math.min(longest, LONGEST_STEP);
    let step = length / longest;
    const isBare = bare;
    let next: Float64Array;
    let moved: Float64Array;
    let there: Evaluation;
    for (let halving = 0; ; halving++, step /= 2) {
      // No step that can be told from standing still goes down: this is the bottom, to rounding.
      if (halving > MOST_HALVINGS) return ended(iteration, true);
      next = clipped(x.map((value, i) => value + step * direction[i]));
      moved = next.map((value, i) => value - x[i]);
      there = f(next);
      if (there.value <= at.value + ARMIJO * dot(moved, at.gradient)) break;
    }
    const turned = there.gradient.map((value, i) => value - at.gradient[i]);
    const fell = at.value - there.value;
    x = next;
    at = there;
    const curvature = dot(moved, turned);
    if (curvature > LEAST_CURVATURE * norm(moved) * norm(turned)) {
      if (bare) h = h.map((value) => (value * curvature) / dot(turned, turned));
      bare = false;
      h = updated(h, moved, turned, curvature, d);
    }
    // One short step down a bare gradient says nothing of what the next will gain, which knows the curvature.
    stalled = fell < tolerance ? stalled + 1 : 0;
    if (stalled > (isBare ? 1 : 0)) return ended(iteration + 1, true);
  }
  return ended(maxIterations, false);
};

const identity = (d: number): Float64Array =>
  Float64Array.from({ length: d * d }, (_, k) => (k % (d + 1) === 0 ? 1 : 0));

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i], 0);

const norm = (a: Float64Array): number => Math.sqrt(dot(a, a));

const times = (h: Float64Array, v: Float64Array, d: number): Float64Array =>
  Float64Array.from({ length: d }, (_, i) => dot(h.subarray(i * d, (i + 1) * d), v));

/** The BFGS update of the inverse Hessian (Nocedal and Wright 2006, 6.17), expanded. */
const updated = (h: Float64Array, s: Float64Array, y: Float64Array, sy: number, d: number): Float64Array => {
  const hy = times(h, y, d);
  const factor = (1 + dot(y, hy) / sy) / sy;
  return h.map((value, k) => {
    const i = Math.floor(k / d);
    const j = k % d;
    return value + factor * s[i] * s[j] - (hy[i] * s[j] + s[i] * hy[j]) / sy;
  });
};
