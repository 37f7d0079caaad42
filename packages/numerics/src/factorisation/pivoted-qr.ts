/** A column that the pivots before it explain up to rounding. */
export interface DependentColumn {
  readonly column: number;
  /** What it is made of: one part a pivot, in pivoted order. */
  readonly parts: Float64Array;
}

/** `S P = Q U` of a small square matrix, dependent columns set aside. Column-major, one array a column. */
interface PivotedQr {
  /** Original column of each pivot. */
  readonly order: readonly number[];
  /** Columns of U, upper triangular, in pivoted order. */
  readonly u: readonly Float64Array[];
  /** `Q' z` for the right-hand side that was passed in. */
  readonly qtz: Float64Array;
  readonly dependent: readonly DependentColumn[];
}

const tailNorm = (column: Float64Array, from: number): number => {
  let sum = 0;
  for (let i = from; i < column.length; i++) sum += column[i] * column[i];
  return Math.sqrt(sum);
};

/**
 * Householder QR with column pivoting (Golub and Van Loan, Matrix Computations, 4th ed., algorithm 5.4.1). The columns should have
 * length 1, so that the pivots can be compared. Norms are computed anew in every round: the matrix is small, and downdated
 * norms cancel just where rank is decided.
 *
 * @param columns square, not changed
 * @param rightHandSide as long as a column
 * @param noiseOf the length at and below which the rest of a column is rounding, given what explains the rest of it
 */
export const pivotedQr = (
  columns: readonly Float64Array[],
  rightHandSide: Float64Array,
  noiseOf: (column: number, order: readonly number[], parts: Float64Array) => number,
): PivotedQr => {
  const size = columns.length;
  const left = columns.map((column, j) => ({ column: j, values: column.slice() }));
  const u: Float64Array[] = [];
  const order: number[] = [];
  const dependent: DependentColumn[] = [];
  const qtz = rightHandSide.slice();
  while (left.length > 0) {
    const k = u.length;
    let best = 0;
    let norm = -1;
    left.forEach(({ values }, at) => {
      const length = tailNorm(values, k);
      if (length > norm) {
        best = at;
        norm = length;
      }
    });
    const [candidate] = left.splice(best, 1);
    if (candidate === undefined) break;
    const { column, values: pivot } = candidate;
    const parts = backSubstitute(u, pivot, k);
    if (!(norm > noiseOf(column, order, parts))) {
      dependent.push({ column, parts });
      continue;
    }
    const alpha = pivot[k];
    const image = alpha > 0 ? -norm : norm;
    const reflection = pivot.slice(k);
    reflection[0] = alpha - image;
    const factor = 1 / (norm * (norm + Math.abs(alpha)));
    for (const other of [...left.map(({ values }) => values), qtz]) {
      let dot = 0;
      for (let i = k; i < size; i++) dot += reflection[i - k] * other[i];
      for (let i = k; i < size; i++) other[i] = other[i] - factor * dot * reflection[i - k];
    }
    pivot.fill(0, k);
    pivot[k] = image;
    u.push(pivot);
    order.push(column);
  }
  return { order, u, qtz, dependent };
};

/** `x` of `U x = b` for the leading `rank` columns of U. */
export const backSubstitute = (u: readonly Float64Array[], b: Float64Array, rank: number): Float64Array => {
  const x = b.slice(0, rank);
  for (let j = rank - 1; j >= 0; j--) {
    const column = u[j];
    const value = x[j] / column[j];
    x[j] = value;
    for (let i = 0; i < j; i++) x[i] = x[i] - value * column[i];
  }
  return x;
};

/** Columns of the inverse of an upper triangle. */
export const inverseOfUpper = (u: readonly Float64Array[]): Float64Array[] =>
  u.map((_, k) => {
    const e = new Float64Array(u.length);
    e[k] = 1;
    return backSubstitute(u, e, u.length);
  });
