import { type AbstractMatrix, Matrix } from 'ml-matrix';
import { euclideanNorm } from './euclidean-norm.js';
import { fault } from './fault.js';
import { lawsonHanson } from './lawson-hanson.js';
import { type ReducedRows, type ReduceOptions, reduceRows } from './reduce-rows.js';

/** How far a dual value may stray from the KKT conditions, with columns and target of length 1, and still certify the answer. */
const CERTIFICATE_TOLERANCE = 1e-11;

export interface NnlsOptions {
  /** Changes of the active set, at most. Default `max(30, 10 n)`; problems met in practice need about n. */
  readonly maxIterations?: number;
}

/** The answer to `min |A x - b| subject to x >= 0`, with what is needed to check it. */
export interface NnlsResult {
  /** n coefficients, none negative. */
  readonly x: Float64Array;
  /** `|A x - b|`, the Euclidean norm (of the weighted residual where weights were given). */
  readonly residualNorm: number;
  /** `A'(b - A x)` (with weights: `A'W(b - A x)`): zero where x > 0, not above zero where x = 0, up to rounding. */
  readonly dual: Float64Array;
  /** Largest violation of these two conditions, relative to `|a_j| (|b| + sum_k |a_k| x_k)`: 1e-16 is typical. */
  readonly kktViolation: number;
  /** Changes of the active set. */
  readonly iterations: number;
  /** True when `kktViolation <= 1e-11`, which proves that x is a minimum. Otherwise x is feasible, and the best one met. */
  readonly converged: boolean;
}

/**
 * Non-negative least squares of a small dense problem, of any shape and rank: `min |A x - b|, x >= 0`.
 *
 * Columns are scaled to length 1 first, so units do not matter (1e-5 beside 5e9 is fine). Where the solution is not unique
 * (collinear columns, more columns than rows), one minimiser is returned; its residual is unique.
 *
 * @param matrix A: an ml-matrix, or rows of numbers; m x n, finite
 * @param target b: m finite values
 * @throws Fault when lengths differ or a value is not finite
 *
 * @example
 * nnls([[1, 0], [1, 0], [0, 1]], [2, 1, -1]);
 * // => { x: [1.5, 0], residualNorm: 1.2247, dual: [0, -1], ... }
 */
export const nnls = (
  matrix: AbstractMatrix | readonly (readonly number[])[],
  target: ArrayLike<number>,
  options: NnlsOptions = {},
): NnlsResult => nnlsColumns(columnsOf(matrix, target.length), Float64Array.from(target), options);

/**
 * Non-negative least squares of a tall problem given as columns: a blocked QR pass over the rows, then `nnlsReduced`.
 * A million rows by eight columns take about a tenth of a second and no memory worth mentioning.
 *
 * @param columns n columns of m finite values
 * @param target b, m finite values
 * @throws Fault when lengths differ, or a value or weight is not finite, or a weight is negative
 */
export const nnlsColumns = (
  columns: readonly Float64Array[],
  target: Float64Array,
  options: NnlsOptions & ReduceOptions = {},
): NnlsResult => nnlsReduced(reduceRows(columns, target, options), options);

/** Non-negative least squares of a system whose rows were reduced before (`reduceRows`, `mergeReduced`). */
export const nnlsReduced = ({ r, qty, residualNorm }: ReducedRows, options: NnlsOptions = {}): NnlsResult => {
  const n = qty.length;
  const triangle = Array.from({ length: n }, (_, j) => Float64Array.from({ length: n }, (__, i) => r.get(i, j)));
  const columnNorms = Float64Array.from(triangle, euclideanNorm);
  const targetNorm = Math.hypot(euclideanNorm(qty), residualNorm);
  const unit = {
    columns: triangle.map((c, j) => dividedBy(c, columnNorms[j])),
    target: dividedBy(qty, targetNorm),
  };
  const {
    x,
    dual,
    residualNorm: unitResidual,
    iterations,
  } = lawsonHanson(unit, options.maxIterations ?? Math.max(30, 10 * n));

  // Doubles cannot do better than rounding in the largest terms of `b - A x`.
  const scale = 1 + x.reduce((sum, v) => sum + v, 0);
  let kktViolation = 0;
  for (let j = 0; j < n; j++) {
    const w = dual[j];
    kktViolation = Math.max(kktViolation, (x[j] > 0 ? Math.abs(w) : w) / scale);
  }
  return {
    x: finite(x.map((v, j) => (v === 0 ? 0 : (v * targetNorm) / columnNorms[j]))),
    residualNorm: Math.hypot(residualNorm, targetNorm * unitResidual),
    dual: finite(dual.map((w, j) => w * targetNorm * columnNorms[j])),
    kktViolation,
    iterations,
    converged: kktViolation <= CERTIFICATE_TOLERANCE,
  };
};

const columnsOf = (matrix: AbstractMatrix | readonly (readonly number[])[], rows: number): Float64Array[] => {
  if (Matrix.isMatrix(matrix)) {
    const dense = matrix as AbstractMatrix;
    return Array.from({ length: dense.columns }, (_, j) => Float64Array.from(dense.getColumn(j)));
  }
  const lines = matrix as readonly (readonly number[])[];
  const width = lines[0]?.length ?? 0;
  const ragged = lines.findIndex((line) => line.length !== width);
  if (ragged >= 0 || lines.length !== rows) {
    const value = ragged >= 0 ? lines[ragged].length : lines.length;
    const rule = ragged >= 0 ? `must have ${width} values in every row` : `must have ${rows} rows, as the target has`;
    throw fault('nnls-solver/length-mismatch', {
      what: 'matrix',
      rule,
      value,
      ...(ragged >= 0 ? { row: ragged } : {}),
    });
  }
  return Array.from({ length: width }, (_, j) => Float64Array.from(lines, (line) => line[j]));
};

const dividedBy = (values: Float64Array, norm: number): Float64Array => values.map((v) => v / (norm || 1));

const finite = (values: Float64Array): Float64Array => {
  if (!values.every(Number.isFinite)) {
    throw fault('nnls-solver/overflow', {
      what: 'solution',
      rule: 'must fit into doubles',
      hint: 'its columns are far too small for the target',
    });
  }
  return values;
};
