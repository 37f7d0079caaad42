import { Matrix } from 'ml-matrix';
import { powerOfTwoBelow } from './euclidean-norm.js';
import { factorFourColumns } from './four-columns.js';
import { emptyFactor, stackBlock } from './householder-stack.js';
import { NnlsError } from './nnls-error.js';

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
 * @throws NnlsError for lengths that differ, values or weights that are not finite, negative weights, a bad row range
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
      throw new NnlsError(
        'nnls-solver/length-mismatch',
        `${nameOf(j, all)}: must be as long as the target (${target.length}); got ${column.length}`,
      );
    }
  }
  const roots = weights && rootsOf(weights, target.length, from, to);
  const plain = factored(all, from, to, roots);
  if (isSafe(plain, all.length)) return assembled(plain, undefined, to - from);
  // A value that is not finite, or columns whose squares leave the range of doubles: look closer, and scale.
  const scales = all.map((column, j) => scaleOf(column, from, to, nameOf(j, all)));
  return assembled(factored(all, from, to, roots, scales), scales, to - from);
};

const nameOf = (j: number, all: readonly unknown[]): string => (j < all.length - 1 ? `column ${j}` : 'target');

/** The triangle of `[A b]`, row-major, each column divided by its scale. */
const factored = (
  all: readonly Float64Array[],
  from: number,
  to: number,
  roots: Float64Array | undefined,
  scales?: readonly number[],
): Float64Array => {
  const [a, b, c, d] = all;
  if (all.length === 4 && a && b && c && d && !roots && !scales) return factorFourColumns(a, b, c, d, from, to);
  const factor = emptyFactor(all.length, Math.min(BLOCK_ROWS, Math.max(to - from, 1)));
  const { block, stride } = factor;
  for (let start = from; start < to; start += stride) {
    const rows = Math.min(stride, to - start);
    for (let j = 0; j < all.length; j++) {
      const column = all[j] as Float64Array;
      const offset = j * stride;
      block.set(column.subarray(start, start + rows), offset);
      if (scales) {
        // Powers of two: exact.
        const inverse = 1 / (scales[j] as number);
        for (let i = 0; i < rows; i++) block[offset + i] = (block[offset + i] as number) * inverse;
      }
      if (roots) {
        for (let i = 0; i < rows; i++) {
          block[offset + i] = (block[offset + i] as number) * (roots[start - from + i] as number);
        }
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
    for (let i = 0; i <= j; i++) largest = Math.max(largest, Math.abs(triangle[i * width + j] as number));
    if (!(largest > SMALLEST_SAFE && largest < LARGEST_SAFE)) return false;
  }
  return true;
};

/**
 * The system of all rows together, from systems of parts of them: engines, windows, all blocks of a jackknife but one.
 *
 * @param parts systems of the same width; none at all is an error
 * @throws NnlsError when there are no parts or their widths differ
 */
export const mergeReduced = (parts: readonly ReducedRows[]): ReducedRows => {
  const width = parts[0]?.qty.length;
  if (width === undefined) throw new NnlsError('nnls-solver/bad-rows', 'parts: at least one is needed; got none');
  for (const part of parts) {
    if (part.qty.length !== width) {
      throw new NnlsError(
        'nnls-solver/length-mismatch',
        `parts: must have equal widths; got ${width} and ${part.qty.length}`,
      );
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
    throw new NnlsError(
      'nnls-solver/bad-rows',
      `rows: must be integers 0 <= from <= to <= ${length}; got ${from} to ${to}`,
    );
  }
  return [from, to];
};

/** A power of two near the largest magnitude; 1 for a column of zeros. */
const scaleOf = (column: Float64Array, from: number, to: number, name: string): number => {
  let largest = 0;
  // A sum catches NaN and Infinity without a test a row: any of them makes `0 * value` NaN.
  let poison = 0;
  for (let i = from; i < to; i++) {
    const v = column[i] as number;
    const magnitude = v < 0 ? -v : v;
    if (magnitude > largest) largest = magnitude;
    poison += 0 * v;
  }
  if (poison !== 0) {
    const row = column.findIndex((v, i) => i >= from && i < to && !Number.isFinite(v));
    throw new NnlsError('nnls-solver/not-finite', `${name}: values must be finite; got ${column[row]} in row ${row}`);
  }
  return largest === 0 ? 1 : powerOfTwoBelow(largest);
};

const rootsOf = (weights: Float64Array, length: number, from: number, to: number): Float64Array => {
  if (weights.length !== length) {
    throw new NnlsError(
      'nnls-solver/length-mismatch',
      `weights: must be as long as the target (${length}); got ${weights.length}`,
    );
  }
  const roots = new Float64Array(to - from);
  for (let i = from; i < to; i++) {
    const weight = weights[i] as number;
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new NnlsError(
        'nnls-solver/bad-weight',
        `weights: must be finite and not negative; got ${weight} in row ${i}`,
      );
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
    for (let j = i; j < n; j++) r.set(i, j, (triangle[i * width + j] as number) * (scales?.[j] ?? 1));
    qty[i] = (triangle[i * width + n] as number) * targetScale;
  }
  const residualNorm = Math.abs(triangle[n * width + n] as number) * targetScale;
  const largest = Math.max(residualNorm, ...qty.map(Math.abs), n === 0 ? 0 : r.max(), n === 0 ? 0 : -r.min());
  if (!Number.isFinite(largest)) {
    throw new NnlsError('nnls-solver/overflow', 'columns: their norms must be finite numbers; got an overflow');
  }
  return { r, qty, residualNorm, rowCount };
};
