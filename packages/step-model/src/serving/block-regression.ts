import { choleskyFactor, solveLowerInPlace, solveUpperInPlace } from '@stepclock/numerics';

/** Least squares with errors that hold where neighbouring rows go together. */
export interface BlockRegression {
  readonly coefficients: readonly number[];
  /** Standard errors, from contiguous blocks of rows. */
  readonly errors: readonly number[];
}

/** Blocks of rows: enough for a t of three to be rare, few enough to be longer than what goes together. */
const BLOCKS = 20;

/**
 * Least squares of a column on a few others, without weights; errors by the sums of contiguous blocks (a sandwich with one cluster a block).
 *
 * @param columns each as long as `values`
 * @returns undefined where the columns are not independent, or the rows too few
 */
export const blockRegression = (
  values: Float64Array,
  columns: readonly Float64Array[],
): BlockRegression | undefined => {
  const [n, p] = [values.length, columns.length];
  if (n < 2 * BLOCKS) return undefined;
  const scale = columns.map((column) => Math.sqrt(column.reduce((sum, x) => sum + x * x, 0) / n));
  if (!scale.every((s) => s > 0)) return undefined;
  const at = (i: number, a: number): number => columns[a][i] / scale[a];
  const gram = new Float64Array(p * p);
  const right = new Float64Array(p);
  for (let i = 0; i < n; i++) {
    for (let a = 0; a < p; a++) {
      right[a] += at(i, a) * values[i];
      for (let b = 0; b < p; b++) gram[a * p + b] += at(i, a) * at(i, b);
    }
  }
  const factor = choleskyFactor(gram, p);
  if (factor === undefined) return undefined;
  const solve = (b: Float64Array): Float64Array => solveUpperInPlace(factor, p, solveLowerInPlace(factor, p, b));
  const solved = solve(right);
  const variance = new Float64Array(p);
  for (let block = 0; block < BLOCKS; block++) {
    const score = new Float64Array(p);
    const end = Math.floor((n * (block + 1)) / BLOCKS);
    for (let i = Math.floor((n * block) / BLOCKS); i < end; i++) {
      let residual = values[i];
      for (let a = 0; a < p; a++) residual -= solved[a] * at(i, a);
      for (let a = 0; a < p; a++) score[a] += at(i, a) * residual;
    }
    const moved = solve(score);
    for (let a = 0; a < p; a++) variance[a] += moved[a] ** 2;
  }
  const inflation = BLOCKS / (BLOCKS - 1);
  return {
    coefficients: Array.from(solved, (x, a) => x / scale[a]),
    errors: Array.from(variance, (v, a) => Math.sqrt(inflation * v) / scale[a]),
  };
};
