import type { Term } from '../terms/term.js';
import { termsOfBatches } from '../terms/terms-of-batches.js';
import { type StretchColumns, stretchReader } from './stretch-columns.js';

/** Rows of evidence: each a stretch of engine time with known sums over its steps. */
export interface RowTable {
  readonly length: number;
  /** y: measured seconds of each row. */
  readonly seconds: Float64Array;
  readonly steps: Float64Array;
  readonly terms: readonly Term[];
  /** X by column: what each row holds of each term. */
  readonly sums: readonly Float64Array[];
}

/**
 * Sums stretches into rows.
 *
 * @param stretches what the engine did
 * @param secondsOf measured time of each stretch, s
 * @param terms columns of the design matrix
 * @param rowOf row of each stretch; -1 leaves it out. Absent: a row each
 * @param length how many rows
 */
export const rowsOf = (
  stretches: StretchColumns,
  secondsOf: Float64Array,
  terms: readonly Term[],
  rowOf?: Int32Array,
  length: number = stretches.length,
): RowTable => {
  const seconds = new Float64Array(length);
  const steps = new Float64Array(length);
  const sums = terms.map(() => new Float64Array(length));
  const read = stretchReader(stretches);
  const termsOf = termsOfBatches(terms);
  for (let i = 0; i < stretches.length; i++) {
    const row = rowOf === undefined ? i : rowOf[i];
    if (row < 0) continue;
    const stretch = read(i);
    seconds[row] += secondsOf[i];
    steps[row] += stretch.steps;
    const of = termsOf(stretch.decodeSeqs);
    for (let k = 0; k < of.length; k++) sums[of[k]][row] += terms[of[k]].sum(stretch);
  }
  return { length, seconds, steps, terms, sums };
};

/** `X beta` of row i, s. */
export const fittedSeconds = ({ sums }: RowTable, coefficients: ArrayLike<number>, i: number): number => {
  let seconds = 0;
  for (let t = 0; t < sums.length; t++) seconds += coefficients[t] * sums[t][i];
  return seconds;
};

/** `X beta` by row, s; or the part of it that some terms make, by index. */
export const fittedColumn = (
  { sums, length }: RowTable,
  coefficients: ArrayLike<number>,
  of: Iterable<number> = sums.keys(),
): Float64Array => {
  const fitted = new Float64Array(length);
  for (const t of of) {
    const sum = sums[t];
    const coefficient = coefficients[t];
    if (coefficient !== 0) for (let i = 0; i < length; i++) fitted[i] += coefficient * sum[i];
  }
  return fitted;
};

/** `y - X beta` by row, s. */
export const residualSeconds = (rows: RowTable, coefficients: ArrayLike<number>): Float64Array => {
  const residual = rows.seconds.slice();
  for (let t = 0; t < rows.sums.length; t++) {
    const sum = rows.sums[t];
    const coefficient = coefficients[t];
    if (coefficient !== 0) for (let i = 0; i < residual.length; i++) residual[i] -= coefficient * sum[i];
  }
  return residual;
};

/**
 * Weights of rows: 1 / fitted seconds. They suit steps that vary in proportion to their length, and with them the residuals sum to zero
 * in every fit that has the term `step` and its kind: whatever the model lacks, the measured time of the log is met. Rows without steps weigh
 * nothing.
 *
 * @param coefficients of a fit; absent: by the measured seconds
 */
export const inverseSeconds = (rows: RowTable, coefficients?: ArrayLike<number>): Float64Array => {
  const weights = new Float64Array(rows.length);
  const seconds = coefficients === undefined ? rows.seconds : fittedColumn(rows, coefficients);
  for (let i = 0; i < rows.length; i++) weights[i] = rows.steps[i] > 0 && seconds[i] > 0 ? 1 / seconds[i] : 0;
  return weights;
};
