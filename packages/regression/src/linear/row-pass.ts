/** What a second pass over the rows yields: residuals, leverages and the meat of the HC3 sandwich. */
export interface RowPass {
  readonly fitted: Float64Array;
  /** Measured - fitted. */
  readonly residuals: Float64Array;
  /** Diagonal of the hat matrix, from 0 to 1; a row of weight 0 has none. */
  readonly leverage: Float64Array;
  /**
   * `sum s^2 [c; v][c; v]'` with `s = w e / (1 - h)`, `v = G'(x - centre)`, `c = 1 / total weight`; row-major, (p+1)^2. Absent when a row has
   * leverage 1, where HC3 divides by zero.
   */
  readonly meat?: Float64Array;
}

interface Solved {
  readonly columns: readonly Float64Array[];
  readonly target: Float64Array;
  readonly weights: Float64Array | undefined;
  readonly coefficients: Float64Array;
  readonly factor: readonly Float64Array[];
  readonly centre: Float64Array;
  readonly valueAtCentre: number;
  /** 1 / total weight with an intercept, else 0. */
  readonly centreVariance: number;
  /** Weights count equal rows, instead of being inverse variances. */
  readonly frequency: boolean;
}

/** Leverages at and above this are 1 up to rounding: the row is fitted exactly, whatever it says. */
const FULL_LEVERAGE = 1 - 1e-10;

/** Rows at a time: the block's columns then stay in the first-level cache, and the inner loops run along columns. */
const BLOCK_ROWS = 256;

/** O(n p^2) time; besides the results, memory for one block. */
export const rowPass = (solved: Solved): RowPass => {
  const { columns, target, weights, coefficients, factor, centre, valueAtCentre, centreVariance, frequency } = solved;
  const n = target.length;
  const p = columns.length;
  const width = p + 1;
  const fitted = new Float64Array(n).fill(valueAtCentre);
  const residuals = new Float64Array(n);
  const leverage = new Float64Array(n);
  const meat = new Float64Array(width * width);
  const x = new Float64Array(BLOCK_ROWS);
  const mass = new Float64Array(BLOCK_ROWS);
  /** Variance of the fit at each row over sigma^2: the leverage of a row of weight 1. */
  const spread = new Float64Array(BLOCK_ROWS);
  const v = Array.from({ length: width }, () => new Float64Array(BLOCK_ROWS));
  v[0]?.fill(centreVariance);
  let exactRows = 0;

  for (let from = 0; from < n; from += BLOCK_ROWS) {
    const rows = Math.min(BLOCK_ROWS, n - from);
    for (let k = 1; k < width; k++) v[k]?.fill(0);
    for (let j = 0; j < p; j++) {
      const column = columns[j];
      const g = factor[j];
      const origin = centre[j];
      for (let i = 0; i < rows; i++) x[i] = column[from + i] - origin;
      addMultiple(fitted, from, x, coefficients[j], rows);
      for (let k = 0; k < p; k++) {
        const share = g[k];
        if (share !== 0) addMultiple(v[k + 1] as Float64Array, 0, x, share, rows);
      }
    }
    spread.fill(centreVariance);
    for (let k = 1; k < width; k++) addSquares(spread, v[k] as Float64Array, rows);
    for (let i = 0; i < rows; i++) {
      const row = from + i;
      const weight = weights === undefined ? 1 : weights[row];
      const residual = target[row] - fitted[row];
      residuals[row] = residual;
      mass[i] = 0;
      if (!(weight > 0)) continue;
      // A row that stands for w equal rows has the leverage of one of them.
      const h = Math.min(spread[i] * (frequency ? 1 : weight), 1);
      leverage[row] = h;
      if (h >= FULL_LEVERAGE) {
        exactRows++;
        continue;
      }
      const s = residual / (1 - h);
      mass[i] = (frequency ? weight : weight * weight) * s * s;
    }
    for (let a = 0; a < width; a++) {
      const left = v[a] as Float64Array;
      for (let i = 0; i < rows; i++) x[i] = mass[i] * left[i];
      for (let b = a; b < width; b++) {
        meat[a * width + b] = meat[a * width + b] + dot(x, v[b] as Float64Array, rows);
      }
    }
  }
  if (exactRows > 0) return { fitted, residuals, leverage };
  for (let a = 0; a < width; a++) {
    for (let b = 0; b < a; b++) meat[a * width + b] = meat[b * width + a];
  }
  return { fitted, residuals, leverage, meat };
};

const addMultiple = (into: Float64Array, offset: number, x: Float64Array, share: number, rows: number): void => {
  for (let i = 0; i < rows; i++) into[offset + i] = into[offset + i] + share * x[i];
};

const addSquares = (into: Float64Array, x: Float64Array, rows: number): void => {
  for (let i = 0; i < rows; i++) into[i] = into[i] + x[i] * x[i];
};

const dot = (a: Float64Array, b: Float64Array, rows: number): number => {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += a[i] * b[i];
  return sum;
};
