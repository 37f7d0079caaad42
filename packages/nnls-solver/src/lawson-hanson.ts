import { emptyFactor, stackBlock } from '@stepclock/numerics';
import { euclideanNorm } from './euclidean-norm.js';

/** A column counts as dependent on others when less than this share of its length is new (per row or column of the problem). */
const RANK_TOLERANCE = 4 * Number.EPSILON;
/** A dual value counts as positive above this (columns and target of length 1; per row or column of the problem). */
const DUAL_TOLERANCE = 4 * Number.EPSILON;

/** A problem whose columns have length 1 or 0, and whose target has length 1 or 0. */
export interface UnitProblem {
  readonly columns: readonly Float64Array[];
  readonly target: Float64Array;
}

interface Point {
  readonly x: Float64Array;
  /** `A'(b - A x)`. */
  readonly dual: Float64Array;
  /** `|b - A x|`. */
  readonly residualNorm: number;
}

export interface ActiveSetResult extends Point {
  readonly iterations: number;
}

/**
 * The active-set method of Lawson and Hanson, Solving Least Squares Problems (1974, reprinted as
 * doi:10.1137/1.9781611971217), chapter 23: `min |A x - b|, x >= 0`.
 *
 * Columns enter by their dual value, and the newest is factored last, so that its pivot tells how much of it is new. A
 * column is turned away when it (nearly) depends on those inside, when its step would not be positive, or when the residual
 * computed with it is no shorter: all three are rounding, and what lets the textbook form loop for ever. Since the residual
 * falls in every turn that is kept, no active set returns.
 */
export const lawsonHanson = ({ columns, target }: UnitProblem, maxIterations: number): ActiveSetResult => {
  const size = Math.max(columns.length, target.length);
  const rankTolerance = RANK_TOLERANCE * size;
  const turnedAway = new Set<number>();
  let best = pointAt(columns, target, new Float64Array(columns.length));
  /** Indices of the positive coefficients, in order of entry. */
  let passive: number[] = [];
  let iterations = 0;

  for (;;) {
    const entering = steepest(best.dual, DUAL_TOLERANCE * size, passive, turnedAway);
    if (entering === undefined || iterations >= maxIterations) return { ...best, iterations };
    iterations++;

    const x = best.x.slice();
    let candidate = [...passive, entering];
    let solution = leastSquares(columns, target, candidate, rankTolerance);
    if (solution === undefined || !((solution.at(-1) as number) > 0)) {
      turnedAway.add(entering);
      continue;
    }
    // Walk towards the unconstrained solution; whatever reaches zero first leaves. Each turn drops a column at least.
    while (solution?.some((z) => !(z > 0))) {
      stepToBoundary(x, candidate, solution);
      candidate = candidate.filter((j) => x[j] > 0);
      solution = leastSquares(columns, target, candidate, 0);
    }
    x.fill(0);
    for (const [k, j] of candidate.entries()) x[j] = solution?.[k] ?? 0;
    const point = pointAt(columns, target, x);
    if (solution === undefined || !(point.residualNorm < best.residualNorm)) {
      turnedAway.add(entering);
      continue;
    }
    passive = candidate;
    best = point;
    turnedAway.clear();
  }
};

const steepest = (
  dual: Float64Array,
  tolerance: number,
  passive: readonly number[],
  turnedAway: ReadonlySet<number>,
): number | undefined => {
  let best: number | undefined;
  let bestDual = tolerance;
  for (let j = 0; j < dual.length; j++) {
    const w = dual[j];
    if (w > bestDual && !turnedAway.has(j) && !passive.includes(j)) {
      best = j;
      bestDual = w;
    }
  }
  return best;
};

/** Moves x along the segment to `solution` until its first coefficient becomes zero, and sets that one to zero exactly. */
const stepToBoundary = (x: Float64Array, candidate: readonly number[], solution: Float64Array): void => {
  let step = 1;
  let blocking = -1;
  for (const [k, j] of candidate.entries()) {
    const z = solution[k];
    if (z > 0) continue;
    const from = x[j];
    // Only the newest is at 0, and its z is positive.
    const ratio = from / (from - z);
    if (ratio < step) {
      step = ratio;
      blocking = j;
    }
  }
  for (const [k, j] of candidate.entries()) {
    const from = x[j];
    x[j] = Math.max(0, from + step * (solution[k] - from));
  }
  x[blocking] = 0;
};

/** The unconstrained solution on some columns, in their order; undefined when the last of them depends on those before. */
const leastSquares = (
  columns: readonly Float64Array[],
  target: Float64Array,
  chosen: readonly number[],
  rankTolerance: number,
): Float64Array | undefined => {
  const rows = target.length;
  const k = chosen.length;
  const width = k + 1;
  const factor = emptyFactor(width, rows);
  const { r, block } = factor;
  for (const [i, j] of chosen.entries()) block.set(columns[j], i * rows);
  block.set(target, k * rows);
  stackBlock(factor, rows);
  if (!(Math.abs(r[(k - 1) * width + k - 1]) > rankTolerance)) return undefined;
  const z = new Float64Array(k);
  for (let i = k - 1; i >= 0; i--) {
    let sum = r[i * width + k];
    for (let j = i + 1; j < k; j++) sum -= r[i * width + j] * z[j];
    z[i] = sum / r[i * width + i];
  }
  return z;
};

const pointAt = (columns: readonly Float64Array[], target: Float64Array, x: Float64Array): Point => {
  const residual = target.slice();
  for (const [j, column] of columns.entries()) {
    const factor = x[j];
    if (factor === 0) continue;
    for (let i = 0; i < residual.length; i++) residual[i] = residual[i] - factor * column[i];
  }
  const dual = Float64Array.from(columns, (column) => {
    let sum = 0;
    for (let i = 0; i < residual.length; i++) sum += column[i] * residual[i];
    return sum;
  });
  return { x, dual, residualNorm: euclideanNorm(residual) };
};
