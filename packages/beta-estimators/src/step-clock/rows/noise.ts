import { medianOf } from '@stepclock/numerics';
import { fittedSeconds, isOfPrefill, type RowTable } from '@stepclock/step-cost';

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
  const { length } = rows;
  const prefillSeconds = prefillSecondsOf(rows, coefficients);
  // Robust averages of a long trace need not look at every row.
  const stride = Math.ceil(length / MOST_ROWS);
  const quiet: number[] = [];
  const all: number[] = [];
  let squares = 0;
  let residualSquares = 0;
  let total = 0;
  for (let i = 0; i < length; i++) total += rows.seconds[i];
  let totalSquares = 0;
  for (let i = 0; i < length; i++) {
    const seconds = fittedSeconds(rows, coefficients, i);
    const residual = rows.seconds[i] - seconds;
    const z = seconds > 0 ? (Math.abs(residual) / seconds) * Math.sqrt(rows.steps[i]) : 0;
    residualSquares += residual ** 2;
    totalSquares += (rows.seconds[i] - total / length) ** 2;
    squares += z * z;
    if (i % stride !== 0) continue;
    all.push(z);
    if (prefillSeconds(i) < PREFILL_SHARE * seconds) quiet.push(z);
  }
  const enough = quiet.length >= ENOUGH_ROWS;
  const step = medianOr0(enough ? quiet : all) / NORMAL_QUARTILE;
  const excess: number[] = [];
  for (let i = 0; enough && i < length; i += stride) {
    const seconds = fittedSeconds(rows, coefficients, i);
    const prefill = prefillSeconds(i);
    if (!(prefill > 0 && prefill >= PREFILL_SHARE * seconds)) continue;
    const own = (step * seconds) ** 2 / Math.max(rows.steps[i], 1);
    const squared = ((rows.seconds[i] - seconds) / NORMAL_QUARTILE) ** 2;
    excess.push((squared - own) / (prefill * prefill));
  }
  return {
    step,
    prefill: Math.min(1, Math.sqrt(Math.max(0, medianOr0(excess)))),
    rms: Math.sqrt(squares / Math.max(length, 1)),
    r2: totalSquares > 0 ? 1 - residualSquares / totalSquares : null,
    rmseSec: Math.sqrt(residualSquares / Math.max(length, 1)),
  };
};

const medianOr0 = (values: readonly number[]): number => (values.length === 0 ? 0 : medianOf(values));

/** Fitted seconds of a row's prefill. */
export const prefillSecondsOf = (
  { terms, sums }: RowTable,
  coefficients: ArrayLike<number>,
): ((i: number) => number) => {
  const of = terms.flatMap((term, t) => (isOfPrefill(term) ? [t] : []));
  return (i) => {
    let seconds = 0;
    for (const t of of) seconds += coefficients[t] * sums[t][i];
    return seconds;
  };
};
