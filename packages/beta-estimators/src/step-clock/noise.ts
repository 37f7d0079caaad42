import type { ClusterRows } from './clusters.js';
import { predictedSeconds, type StepBetas } from './row-fit.js';

/** How far the rows lie from the model, from robust averages: a few wild rows do not move it. */
export interface Noise {
  /** sigma: relative standard deviation of a step. */
  readonly step: number;
  /** tau: what the model misses of the time of prefill tokens, relative to that time. 0 where they behave. */
  readonly prefill: number;
  /** Root mean square residual of a row, relative to a step. */
  readonly rms: number;
  /** Of the rows' seconds, unweighted; r2 is null where all rows last equally long. */
  readonly r2: number | null;
  readonly rmseSec: number;
}

/** The upper quartile of the standard normal distribution: the median magnitude of a normal sample. */
export const NORMAL_QUARTILE = 0.6744897501960817;
/** Rows with less than this share of their time in prefill tokens tell of steps alone; a few of them are needed. */
const PREFILL_SHARE = 0.1;
const ENOUGH_ROWS = 30;
const MOST_ROWS = 50_000;

/**
 * A row of k steps of length Delta varies by `sigma^2 k Delta^2 + tau^2 (beta1 P)^2`. sigma comes from the rows with hardly any
 * prefill tokens where there are enough of them, tau from what the others have on top.
 */
export const rowNoise = (rows: ClusterRows, beta: StepBetas): Noise => {
  const { length } = rows;
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
    const seconds = predictedSeconds(rows, beta, i);
    const steps = rows.steps[i];
    const z = seconds > 0 ? (Math.abs(rows.seconds[i] - seconds) / seconds) * Math.sqrt(steps) : 0;
    residualSquares += (rows.seconds[i] - seconds) ** 2;
    totalSquares += (rows.seconds[i] - total / length) ** 2;
    squares += z * z;
    if (i % stride !== 0) continue;
    all.push(z);
    if (beta[1] * rows.prefillTokens[i] < PREFILL_SHARE * seconds) quiet.push(z);
  }
  const enough = quiet.length >= ENOUGH_ROWS;
  const step = median(enough ? quiet : all) / NORMAL_QUARTILE;
  const excess: number[] = [];
  if (enough) {
    for (let i = 0; i < length; i += stride) {
      const seconds = predictedSeconds(rows, beta, i);
      const prefill = beta[1] * rows.prefillTokens[i];
      if (!(prefill > 0 && prefill >= PREFILL_SHARE * seconds)) continue;
      const own = (step * seconds) ** 2 / Math.max(rows.steps[i], 1);
      const squared = ((rows.seconds[i] - seconds) / NORMAL_QUARTILE) ** 2;
      excess.push((squared - own) / (prefill * prefill));
    }
  }
  const prefill = Math.sqrt(Math.max(0, median(excess)));
  return {
    step,
    prefill,
    rms: Math.sqrt(squares / Math.max(length, 1)),
    r2: totalSquares > 0 ? 1 - residualSquares / totalSquares : null,
    rmseSec: Math.sqrt(residualSquares / Math.max(length, 1)),
  };
};

/** The upper median; 0 of nothing. */
const median = (values: readonly number[]): number => Float64Array.from(values).sort()[values.length >> 1] ?? 0;
