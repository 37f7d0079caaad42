/** `S P = Q U` of a small square matrix, with the answer's rank at a tolerance. Column-major, one array a column. */
export interface PivotedQr {
  /** Original column of each pivoted one. */
  readonly order: readonly number[];
  /** Columns of U, upper triangular, in pivoted order. */
  readonly u: readonly Float64Array[];
  /** `Q' z` for the right-hand side that was passed in. */
  readonly qtz: Float64Array;
  /** Pivots above the tolerance. */
  readonly rank: number;
}

const tailNorm = (column: Float64Array, from: number): number => {
  let sum = 0;
  for (let i = from; i < column.length; i++) sum += (column[i] as number) ** 2;
  return Math.sqrt(sum);
};

/**
 * Householder QR with column pivoting (Golub and Van Loan, Matrix Computations, 4th ed., algorithm 5.4.1). The columns should have
 * length 1, so that the pivots can be compared. Norms are computed anew in every round: the matrix is small, and downdated
 * norms cancel just where rank is decided.
 *
 * @param columns square, not changed
 * @param rightHandSide as long as a column
 * @param tolerance a pivot at or below it counts as 0
 */
export const pivotedQr = (
  columns: readonly Float64Array[],
  rightHandSide: Float64Array,
  tolerance: number,
): PivotedQr => {
  const size = columns.length;
  const u: Float64Array[] = columns.map((column) => column.slice());
  const order = columns.map((_, j) => j);
  const qtz = rightHandSide.slice();
  let rank = 0;
  for (let k = 0; k < size; k++) {
    let best = k;
    let bestNorm = -1;
    for (let j = k; j < size; j++) {
      const norm = tailNorm(u[j] as Float64Array, k);
      if (norm > bestNorm) {
        best = j;
        bestNorm = norm;
      }
    }
    if (!(bestNorm > tolerance)) break;
    [u[k], u[best]] = [u[best] as Float64Array, u[k] as Float64Array];
    [order[k], order[best]] = [order[best] as number, order[k] as number];
    const pivot = u[k] as Float64Array;
    const alpha = pivot[k] as number;
    const image = alpha > 0 ? -bestNorm : bestNorm;
    const reflection = pivot.slice(k);
    reflection[0] = alpha - image;
    const factor = 1 / (bestNorm * (bestNorm + Math.abs(alpha)));
    for (const column of [...u.slice(k + 1), qtz]) {
      let dot = 0;
      for (let i = k; i < size; i++) dot += (reflection[i - k] as number) * (column[i] as number);
      for (let i = k; i < size; i++) {
        column[i] = (column[i] as number) - factor * dot * (reflection[i - k] as number);
      }
    }
    pivot.fill(0, k);
    pivot[k] = image;
    rank++;
  }
  return { order, u, qtz, rank };
};

/** `x` of `U x = b` for the leading `rank` columns of U. */
export const backSubstitute = (u: readonly Float64Array[], b: Float64Array, rank: number): Float64Array => {
  const x = b.slice(0, rank);
  for (let j = rank - 1; j >= 0; j--) {
    const column = u[j] as Float64Array;
    const value = (x[j] as number) / (column[j] as number);
    x[j] = value;
    for (let i = 0; i < j; i++) x[i] = (x[i] as number) - value * (column[i] as number);
  }
  return x;
};
