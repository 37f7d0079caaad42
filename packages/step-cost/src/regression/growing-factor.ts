import { solveLowerInPlace, solveUpperInPlace } from '@stepclock/numerics';

/** A column is new to those before it if at least this share of its squared length is (columns of length 1). */
export const LEAST_PIVOT = 1e-11;

/** Cholesky factor of a scaled minor that grows by a column at a time: what a new factorisation would give, to the last digit. */
export class GrowingFactor {
  /** Its columns, by index in the matrix. */
  readonly columns: number[] = [];
  readonly #l: Float64Array;

  /** @param gram p x p, row by row. @param most columns that it may grow to */
  constructor(
    private readonly gram: Float64Array,
    private readonly p: number,
    private readonly most = p,
  ) {
    this.#l = new Float64Array(most * most);
  }

  /** False where the column depends on those before it; it then stays out. */
  append(j: number): boolean {
    const { columns, gram, p, most } = this;
    const l = this.#l;
    const n = columns.length;
    const row = n * most;
    let square = gram[j * p + j];
    const least = LEAST_PIVOT * square;
    for (let k = 0; k < n; k++) {
      const other = k * most;
      let sum = gram[j * p + columns[k]];
      for (let q = 0; q < k; q++) sum -= l[row + q] * l[other + q];
      const value = sum / l[other + k];
      l[row + k] = value;
      square -= value ** 2;
    }
    if (!(square > 0)) return false;
    const pivot = Math.sqrt(square);
    if (!(pivot ** 2 > least)) return false;
    l[row + n] = pivot;
    columns.push(j);
    return true;
  }

  /** Takes the last column out. */
  drop(): void {
    this.columns.pop();
  }

  /** The unconstrained solution on its columns, in their order. @param moment by column of the matrix */
  solve(moment: Float64Array): Float64Array {
    const { columns, most } = this;
    const n = columns.length;
    const b = new Float64Array(n);
    for (let i = 0; i < n; i++) b[i] = moment[columns[i]];
    return solveUpperInPlace(this.#l, n, solveLowerInPlace(this.#l, n, b, most), most);
  }
}
