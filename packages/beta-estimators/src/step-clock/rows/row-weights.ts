import { fittedSeconds, inverseSeconds, type RowTable } from '@stepclock/step-cost';
import type { ClockProblem } from '../clock/clock-problem.js';
import { type Noise, prefillSecondsOf } from './noise.js';

/** A row that took less than half a step tells nothing of a step's time. */
const LEAST_STEPS = 0.5;
/** And so does one of whose steps nothing tells this share. */
const MOST_UNCOUNTED = 0.1;
/** Rows beyond so many robust standard deviations are put aside: stalls, and steps that were counted wrongly. */
const FAR_OUT = 6;
/** Robust standard deviations are taken to be this large at least, relative to a step. */
const LEAST_SD = 0.02;

/** 1 / fitted seconds; 0 for rows that tell nothing where others do: hardly a step, or a start whose steps nobody counted. @param steps by segment */
export const rowWeights = (
  { groups, starts }: ClockProblem,
  rows: RowTable,
  steps: Float64Array,
  coefficients: Float64Array | undefined,
): Float64Array => {
  const all = inverseSeconds(rows, coefficients);
  const uncounted = new Float64Array(rows.length);
  for (let j = 0; j < steps.length; j++) {
    if (starts.uncounted[j] === 1 && groups.ofSegment[j] >= 0) uncounted[groups.ofSegment[j]] += steps[j];
  }
  const told = all.map((w, i) =>
    rows.steps[i] >= LEAST_STEPS && uncounted[i] <= MOST_UNCOUNTED * rows.steps[i] ? w : 0,
  );
  if (told.some((w) => w > 0)) return told;
  return all.some((w) => w > 0) ? all : inverseSeconds(rows);
};

/** How a row's time differs from the fitted one, relative to a step; 0 where nothing is fitted. */
export const stepResiduals = (rows: RowTable, coefficients: ArrayLike<number>): Float64Array =>
  rows.seconds.map((seconds, i) => {
    const fitted = fittedSeconds(rows, coefficients, i);
    return fitted > 0 ? ((seconds - fitted) / fitted) * Math.sqrt(Math.max(rows.steps[i], 0)) : 0;
  });

/** Which rows of positive weight lie far out, by the noise of steps and of prefill: -1 far too fast, 1 far too slow, 0 neither. */
export const farRows = (
  rows: RowTable,
  coefficients: Float64Array,
  weights: Float64Array,
  residuals: Float64Array,
  { step, prefill }: Pick<Noise, 'step' | 'prefill'>,
): Int8Array => {
  const prefillSeconds = prefillSecondsOf(rows, coefficients);
  return Int8Array.from(residuals, (z, i) => {
    if (!(weights[i] > 0)) return 0;
    const ofPrefill = prefill > 0 ? (prefill * prefillSeconds(i)) / fittedSeconds(rows, coefficients, i) : 0;
    const sd = Math.hypot(Math.max(step, LEAST_SD), ofPrefill * Math.sqrt(rows.steps[i]));
    return Math.abs(z) > FAR_OUT * sd ? Math.sign(z) : 0;
  });
};
