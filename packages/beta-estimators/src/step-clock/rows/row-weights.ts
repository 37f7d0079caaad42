import { inverseSeconds, type RowTable } from '@stepclock/step-cost';
import type { ClockProblem } from '../clock/clock-problem.js';
import type { ClockState } from '../clock/clock-state.js';
import { type Noise, prefillColumn } from './noise.js';

/** A row that took less than half a step tells nothing of a step's time. */
const LEAST_STEPS = 0.5;
/** And so does one of whose steps, or of whose prefill tokens, this share lies where nobody counted the steps. */
const MOST_UNCOUNTED = 0.1;
/** Rows beyond so many robust standard deviations are put aside: stalls, and steps that were counted wrongly. */
const FAR_OUT = 6;
/** Robust standard deviations are taken to be this large at least, relative to a step. */
const LEAST_SD = 0.02;

/** 1 / fitted seconds; 0 for rows that tell nothing where others do: hardly a step, or prefill in steps that nobody counted. */
export const rowWeights = (
  { groups, starts }: ClockProblem,
  rows: RowTable,
  { steps, shares: { tokens } }: Pick<ClockState, 'steps' | 'shares'>,
  coefficients: Float64Array | undefined,
): Float64Array => {
  const all = inverseSeconds(rows, coefficients);
  const uncounted = new Float64Array(rows.length);
  const uncountedTokens = new Float64Array(rows.length);
  const allTokens = new Float64Array(rows.length);
  for (let j = 0; j < steps.length; j++) {
    const row = groups.ofSegment[j];
    if (row < 0) continue;
    allTokens[row] += tokens[j];
    if (starts.uncounted[j] === 0) continue;
    uncounted[row] += steps[j];
    uncountedTokens[row] += tokens[j];
  }
  const told = new Float64Array(rows.length);
  let tells = false;
  for (let i = 0; i < rows.length; i++) {
    if (!(rows.steps[i] >= LEAST_STEPS && uncounted[i] <= MOST_UNCOUNTED * rows.steps[i])) continue;
    if (!(uncountedTokens[i] <= MOST_UNCOUNTED * allTokens[i])) continue;
    told[i] = all[i];
    tells ||= all[i] > 0;
  }
  if (tells) return told;
  return all.some((w) => w > 0) ? all : inverseSeconds(rows);
};

/** How a row's time differs from the fitted one, relative to a step; 0 where nothing is fitted. @param fitted seconds by row */
export const stepResiduals = (rows: RowTable, fitted: Float64Array): Float64Array => {
  const residuals = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    if (fitted[i] > 0)
      residuals[i] = ((rows.seconds[i] - fitted[i]) / fitted[i]) * Math.sqrt(Math.max(rows.steps[i], 0));
  }
  return residuals;
};

/** Which rows of positive weight lie far out, by the noise of steps and of prefill: -1 far too fast, 1 far too slow, 0 neither. */
export const farRows = (
  rows: RowTable,
  coefficients: Float64Array,
  weights: Float64Array,
  fitted: Float64Array,
  residuals: Float64Array,
  { step, prefill }: Pick<Noise, 'step' | 'prefill'>,
): Int8Array => {
  const prefillSec = prefillColumn(rows, coefficients);
  const far = new Int8Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    if (!(weights[i] > 0)) continue;
    const ofPrefill = prefill > 0 ? (prefill * prefillSec[i]) / fitted[i] : 0;
    const sd = Math.sqrt(Math.max(step, LEAST_SD) ** 2 + ofPrefill ** 2 * rows.steps[i]);
    if (Math.abs(residuals[i]) > FAR_OUT * sd) far[i] = Math.sign(residuals[i]);
  }
  return far;
};
