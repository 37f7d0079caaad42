/** What a second pass over the rows yields: residuals, leverages and the meat of the HC3 sandwich. */
export interface RowPass {
  readonly fitted: Float64Array;
  /** Measured - fitted. */
  readonly residuals: Float64Array;
  /** Diagonal of the hat matrix, from 0 to 1; a row of weight 0 has none. */
  readonly leverage: Float64Array;
  /**
   * `sum s^2 [c; v][c; v]'` with `s = w e / (1 - h)`, `v = G'(x - centre)`, `c = 1 / total weight`; row-major, (p+1)^2, and `undefined` when a
   * row has leverage 1, where HC3 divides by zero.
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

/** O(n p^2), one small buffer a call. */
export const rowPass = (solved: Solved): RowPass => {
  const { columns, target, weights, coefficients, factor, centre, valueAtCentre, centreVariance, frequency } = solved;
  const n = target.length;
  const p = columns.length;
  const width = p + 1;
  const fitted = new Float64Array(n);
  const residuals = new Float64Array(n);
  const leverage = new Float64Array(n);
  const meat = new Float64Array(width * width);
  const g = Float64Array.from(
    { length: p * p },
    (_, at) => (factor[Math.floor(at / p)] as Float64Array)[at % p] as number,
  );
  const v = new Float64Array(width);
  v[0] = centreVariance;
  let exactRows = 0;
  for (let i = 0; i < n; i++) {
    const weight = weights === undefined ? 1 : (weights[i] as number);
    let value = valueAtCentre;
    v.fill(0, 1);
    for (let j = 0; j < p; j++) {
      const x = ((columns[j] as Float64Array)[i] as number) - (centre[j] as number);
      value += (coefficients[j] as number) * x;
      for (let k = 0; k < p; k++) v[k + 1] = (v[k + 1] as number) + (g[j * p + k] as number) * x;
    }
    const residual = (target[i] as number) - value;
    fitted[i] = value;
    residuals[i] = residual;
    let h = centreVariance;
    for (let k = 1; k < width; k++) h += (v[k] as number) ** 2;
    // A row that stands for w equal rows has the leverage of one of them.
    if (!frequency) h *= weight;
    if (h > 1) h = 1;
    leverage[i] = weight > 0 ? h : 0;
    if (!(weight > 0)) continue;
    if (h >= FULL_LEVERAGE) {
      exactRows++;
      continue;
    }
    const s = residual / (1 - h);
    const mass = frequency ? weight * s * s : (weight * s) ** 2;
    for (let a = 0; a < width; a++) {
      const scaled = mass * (v[a] as number);
      for (let b = a; b < width; b++) meat[a * width + b] = (meat[a * width + b] as number) + scaled * (v[b] as number);
    }
  }
  if (exactRows > 0) return { fitted, residuals, leverage };
  for (let a = 0; a < width; a++) {
    for (let b = 0; b < a; b++) meat[a * width + b] = meat[b * width + a] as number;
  }
  return { fitted, residuals, leverage, meat };
};
