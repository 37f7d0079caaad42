import type { RowTable } from '@stepclock/step-cost';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Columns of length 1 depend on each other below this singular value, and take part with more than this weight. */
const DEPENDENT = 1e-3;
const TAKES_PART = 0.05;

/**
 * Terms of which the rows determine only sums: those that take part in a combination of columns that vanishes (one user, or
 * requests all alike). A prior holds those that have one.
 *
 * @returns 1 by term
 */
export function onlySums({ terms, sums, seconds, length }: RowTable): Uint8Array {
  const present = sums.flatMap((column, t) =>
    terms[t].priorShare === null && column.some((value) => value !== 0) ? [t] : [],
  );
  const norms = sums.map((column) => norm(column, seconds));
  const gram = new Matrix(present.length, present.length);
  for (const [i, a] of present.entries()) {
    for (const [j, b] of present.entries()) {
      let product = 0;
      for (let row = 0; row < length; row++) product += (sums[a][row] * sums[b][row]) / seconds[row];
      gram.set(i, j, product / (norms[a] * norms[b]));
    }
  }
  const out = new Uint8Array(sums.length);
  if (present.length === 0) return out;
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(gram, { assumeSymmetric: true });
  for (const [k, eigenvalue] of realEigenvalues.entries()) {
    if (!(eigenvalue < DEPENDENT * DEPENDENT)) continue;
    for (const [i, t] of present.entries()) if (Math.abs(eigenvectorMatrix.get(i, k)) > TAKES_PART) out[t] = 1;
  }
  return out;
}

function norm(column: Float64Array, seconds: Float64Array): number {
  let squares = 0;
  for (let row = 0; row < column.length; row++) squares += (column[row] * column[row]) / seconds[row];
  return Math.sqrt(squares);
}
