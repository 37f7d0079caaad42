import { selectQuantile } from '@stepclock/numerics';
import { fittedColumn, isOfPrefill, type RowTable } from '@stepclock/step-cost';

/** How far the rows lie from the model, from robust averages: a few wild rows do not move it. */
export interface Noise {
  /** sigma: relative standard deviation of a step. */
  readonly step: number;
  /** tau: what the model misses of the time of prefill, relative to that time. 0 where it behaves. */
  readonly prefill: number;
  /** Root mean square residual of a row, relative to a step. */
  readonly rms: number;
  /** Of the rows' seconds, unweighted; r2 is null where all rows last equally long. */
  readonly r2: number | null;
  readonly rmseSec: number;
}

/** The upper quartile of the standard normal distribution: the median magnitude of a normal sample. */
export const NORMAL_QUARTILE = 0.6744897501960817;
/** Rows with less than this share of their time in prefill tell of steps alone; a few of them are needed. */
const PREFILL_SHARE = 0.1;
const ENOUGH_ROWS = 30;
const MOST_ROWS = 50_000;

/**
 * A row of k steps of length Delta varies by `sigma^2 k Delta^2 + tau^2 (its prefill seconds)^2`. sigma comes from the rows with hardly any
 * prefill where there are enough of them, tau from what the others have on top.
 */
export const rowNoise = (rows: RowTable, coefficients: ArrayLike<number>): Noise => {
  const { length, seconds, steps } = rows;
  const fitted = fittedColumn(rows, coefficients);
  const prefill = prefillColumn(rows, coefficients);
  // Robust averages of a long trace need not look at every row.
  const stride = Math.ceil(length / MOST_ROWS);
  const looked = stride === 0 ? 0 : Math.ceil(length / stride);
  const quiet = new Float64Array(looked);
  const all = new Float64Array(looked);
  let quietRows = 0;
  let allRows = 0;
  let squares = 0;
  let residualSquares = 0;
  let total = 0;
  for (let i = 0; i < length; i++) total += seconds[i];
  const mean = total / length;
  let totalSquares = 0;
  for (let i = 0; i < length; i++) {
    const residual = seconds[i] - fitted[i];
    const z = fitted[i] > 0 ? (Math.abs(residual) / fitted[i]) * Math.sqrt(steps[i]) : 0;
    residualSquares += residual ** 2;
    totalSquares += (seconds[i] - mean) ** 2;
    squares += z * z;
    if (i % stride !== 0) continue;
    all[allRows++] = z;
    if (prefill[i] < PREFILL_SHARE * fitted[i]) quiet[quietRows++] = z;
  }
  const enough = quietRows >= ENOUGH_ROWS;
  const step = medianOr0(enough ? quiet.subarray(0, quietRows) : all) / NORMAL_QUARTILE;
  const excess = all;
  let excessRows = 0;
  for (let i = 0; enough && i < length; i += stride) {
    if (!(prefill[i] > 0 && prefill[i] >= PREFILL_SHARE * fitted[i])) continue;
    const own = (step * fitted[i]) ** 2 / Math.max(steps[i], 1);
    const squared = ((seconds[i] - fitted[i]) / NORMAL_QUARTILE) ** 2;
    excess[excessRows++] = (squared - own) / (prefill[i] * prefill[i]);
  }
  return {
    step,
    prefill: Math.min(1, Math.sqrt(Math.max(0, medianOr0(excess.subarray(0, excessRows))))),
    rms: Math.sqrt(squares / Math.max(length, 1)),
    r2: totalSquares > 0 ? 1 - residualSquares / totalSquares : null,
    rmseSec: Math.sqrt(residualSquares / Math.max(length, 1)),
  };
};

/** Reorders the values. */
const medianOr0 = (values: Float64Array): number => (values.length === 0 ? 0 : selectQuantile(values, 0.5));

/** Fitted seconds of the prefill in each row. */
export const prefillColumn = (rows: RowTable, coefficients: ArrayLike<number>): Float64Array => {
  const of = rows.terms.flatMap((term, t) => (coefficients[t] !== 0 && isOfPrefill(term) ? [t] : []));
  return fittedColumn(rows, coefficients, of);
};
