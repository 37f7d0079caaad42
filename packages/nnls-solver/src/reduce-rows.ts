import { emptyFactor, stackBlock } from '@stepclock/numerics';
import { Matrix } from 'ml-matrix';
import { powerOfTwoBelow } from './euclidean-norm.js';
import { fault } from './fault.js';

/** Rows that are worked on at once: few enough that a block of four to eight columns stays in the first-level cache. */
const BLOCK_ROWS = 504;

export interface ReduceOptions {
  /** Row weights `w >= 0` of the squares: `min sum_i w_i (A x - b)_i^2`. Default: all 1. */
  readonly weights?: Float64Array;
  /** Takes the rows `from <= i < to` only. Default: all. */
  readonly rows?: readonly [from: number, to: number];
}

/** A least-squares problem of m rows as one of n: `|A x - b|^2 = |R x - Q'b|^2 + residualNorm^2` for every x. */
export interface ReducedRows {
  /** n x n upper triangular, `A = Q R`; signs of its diagonal are free; rank-deficient A leaves (nearly) zero pivots. */
  readonly r: Matrix;
  /** `Q'b`, n values. */
  readonly qty: Float64Array;
  /** Norm of what no x can explain: `min |A x - b|` when R has full rank. */
  readonly residualNorm: number;
  /** Number of rows that were reduced. */
  readonly rowCount: number;
}

/**
 * Reduces a tall system, given as columns, to a triangle of its width: blocked Householder QR of `[A b]`, O(m n^2) time,
 * O(n) extra memory, no object a row. Orthogonal, so nothing is lost that `A'A` would lose (its condition number is the
 * square of A's). Columns whose squares would leave the range of doubles are scaled on the way: 1e-200 beside 1e200 is fine.
 *
 * @param columns n columns of m finite values
 * @param target b, m finite values
 * @throws Fault for lengths that differ, values or weights that are not finite, negative weights, a bad row range
 *
 * @example
 * // y = 1 + 2 t at t = 0, 1, 2
 * const { r, qty } = reduceRows([new Float64Array([1, 1, 1]), new Float64Array([0, 1, 2])], new Float64Array([1, 3, 5]));
 * // back substitution in R x = qty gives x = [1, 2]
 */
export const reduceRows = (
  columns: readonly Float64Array[],
  target: Float64Array,
  options: ReduceOptions = {},
): ReducedRows => {
  const { weights } = options;
  const [from, to] = checkedRange(target.length, options.rows);
  const all = [...columns, target];
  for (const [j, column] of all.entries()) {
    if (column.length !== target.length) {
      const rule = `must be as long as the target (${target.length})`;
      throw fault('nnls-solver/length-mismatch', { what: nameOf(j, all.length), rule, value: column.length });
    }
  }
  const roots = weights && rootsOf(weights, target.length, from, to);
  return reduceBlocks(columns.length, to - from, (start, end, block) => {
    for (let j = 0; j < block.length; j++) {
      const into = block[j];
      into.set(all[j].subarray(from + start, from + end));
      if (roots) {
        for (let i = 0; i < end - start; i++) into[i] = into[i] * roots[start + i];
      }
    }
  });
};

/**
 * Writes the rows `from <= i < to` into the first `to - from` values of each column; the last column is the target.
 * It is asked for every row once, and twice more where that pass finds values that must be scaled.
 */
export type BlockSource = (from: number, to: number, columns: readonly Float64Array[]) => void;

/**
 * `reduceRows` for rows that are computed when they are needed and never stand in memory together.
 *
 * @param columnCount n, without the target
 * @throws Fault when a value is not finite
 */
export const reduceBlocks = (columnCount: number, rowCount: number, source: BlockSource): ReducedRows => {
  const width = columnCount + 1;
  const plain = factored(width, rowCount, source);
  if (isSafe(plain, width)) return assembled(plain, undefined, rowCount);
  // A value that is not finite, or columns whose squares leave the range of doubles: look closer, and scale.
  const scales = scalesOf(width, rowCount, source);
  return assembled(factored(width, rowCount, source, scales), scales, rowCount);
};

const nameOf = (j: number, width: number): string => (j < width - 1 ? `column ${j}` : 'target');

/** The triangle of `[A b]`, row-major, each column divided by its scale. */
const factored = (width: number, rowCount: number, source: BlockSource, scales?: readonly number[]): Float64Array => {
  const factor = emptyFactor(width, Math.min(BLOCK_ROWS, Math.max(rowCount, 1)));
  for (let from = 0; from < rowCount; from += factor.stride) {
    const rows = Math.min(factor.stride, rowCount - from);
    source(from, from + rows, factor.columns);
    if (scales) {
      for (const [j, column] of factor.columns.entries()) {
        // Powers of two: exact.
        const inverse = 1 / scales[j];
        for (let i = 0; i < rows; i++) column[i] = column[i] * inverse;
      }
    }
    stackBlock(factor, rows);
  }
  return factor.r;
};

/** Column norms between these have squares, and sums of squares, well inside the range of doubles. */
const SMALLEST_SAFE = 1e-120;
const LARGEST_SAFE = 1e120;

/** Whether no column was so small or so large that its squares lost anything; NaN is not safe, nor is a column of zeros. */
const isSafe = (triangle: Float64Array, width: number): boolean => {
  for (let j = 0; j < width; j++) {
    let largest = 0;
    for (let i = 0; i <= j; i++) largest = Math.max(largest, Math.abs(triangle[i * width + j]));
    if (!(largest > SMALLEST_SAFE && largest < LARGEST_SAFE)) return false;
  }
  return true;
};

/**
 * The system of all rows together, from systems of parts of them: engines, windows, all blocks of a jackknife but one.
 *
 * @param parts systems of the same width; none at all is an error
 * @throws Fault when there are no parts or their widths differ
 */
export const mergeReduced = (parts: readonly ReducedRows[]): ReducedRows => {
  const width = parts[0]?.qty.length;
  if (width === undefined)
    throw fault('nnls-solver/bad-rows', { what: 'parts', rule: 'must be at least one', value: 0 });
  for (const part of parts) {
    if (part.qty.length !== width) {
      const rule = `must all have ${width} columns, as the first one`;
      throw fault('nnls-solver/length-mismatch', { what: 'parts', rule, value: part.qty.length });
    }
  }
  // Each part is the rows [R | Q'b] and one more row [0 | residual norm].
  const height = width + 1;
  const columns = Array.from({ length: width }, () => new Float64Array(parts.length * height));
  const target = new Float64Array(parts.length * height);
  for (const [p, part] of parts.entries()) {
    for (const [j, column] of columns.entries()) {
      for (let i = 0; i <= j; i++) column[p * height + i] = part.r.get(i, j);
    }
    target.set(part.qty, p * height);
    target[p * height + width] = part.residualNorm;
  }
  const rowCount = parts.reduce((sum, part) => sum + part.rowCount, 0);
  return { ...reduceRows(columns, target), rowCount };
};

const checkedRange = (length: number, rows: ReduceOptions['rows']): readonly [number, number] => {
  const [from, to] = rows ?? [0, length];
  if (!(Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to && to <= length)) {
    const rule = `must be whole numbers 0 <= from <= to <= ${length}`;
    throw fault('nnls-solver/bad-rows', { what: `rows ${from} to ${to}`, rule });
  }
  return [from, to];
};

/** Of each column a power of two near its largest magnitude; any will do for a column of zeros. */
const scalesOf = (width: number, rowCount: number, source: BlockSource): number[] => {
  const { columns, stride } = emptyFactor(width, Math.min(BLOCK_ROWS, Math.max(rowCount, 1)));
  const largest = new Float64Array(width);
  for (let from = 0; from < rowCount; from += stride) {
    const rows = Math.min(stride, rowCount - from);
    source(from, from + rows, columns);
    for (const [j, column] of columns.entries()) {
      for (let i = 0; i < rows; i++) {
        const magnitude = Math.abs(column[i]);
        if (!(magnitude < Number.POSITIVE_INFINITY)) {
          const [what, rule, value, row] = [nameOf(j, width), 'must be a finite number', column[i], from + i];
          throw fault('nnls-solver/not-finite', { what, rule, value, row });
        }
        if (magnitude > largest[j]) largest[j] = magnitude;
      }
    }
  }
  return Array.from(largest, powerOfTwoBelow);
};

const rootsOf = (weights: Float64Array, length: number, from: number, to: number): Float64Array => {
  if (weights.length !== length) {
    const rule = `must be as long as the target (${length})`;
    throw fault('nnls-solver/length-mismatch', { what: 'weights', rule, value: weights.length });
  }
  const roots = new Float64Array(to - from);
  for (let i = from; i < to; i++) {
    const weight = weights[i];
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      const rule = 'must be finite and at least 0';
      throw fault('nnls-solver/bad-weight', { what: 'weights', rule, value: weight, row: i });
    }
    roots[i - from] = Math.sqrt(weight);
  }
  return roots;
};

const assembled = (triangle: Float64Array, scales: readonly number[] | undefined, rowCount: number): ReducedRows => {
  const width = Math.sqrt(triangle.length);
  const n = width - 1;
  const targetScale = scales?.[n] ?? 1;
  const r = Matrix.zeros(n, n);
  const qty = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) r.set(i, j, triangle[i * width + j] * (scales?.[j] ?? 1));
    qty[i] = triangle[i * width + n] * targetScale;
  }
  const residualNorm = Math.abs(triangle[n * width + n]) * targetScale;
  if (![residualNorm, ...qty, ...r.to1DArray()].every(Number.isFinite)) {
    throw fault('nnls-solver/overflow', { what: 'columns', rule: 'must have norms that fit into doubles' });
  }
  return { r, qty, residualNorm, rowCount };
};
