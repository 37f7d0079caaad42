import { CATALOGUE, type StepComposition, stretchOfStep, type Term } from '@stepclock/step-cost';
import type { BetasFile } from '../model-file/betas-schema.js';
import { checkedTerms } from '../model-file/consistency.js';
import { stepModelFault } from '../step-model-fault.js';
import { type Extrapolation, rangesRead, type StepQuantity } from './composition-range.js';

/** The predicted duration of a step. */
export interface StepTimePrediction {
  readonly durationSec: number;
  /** Of the expected duration, at `level`; steps scatter around it by their own noise. Null where the model has no intervals. */
  readonly intervalSec: readonly [number, number] | null;
  readonly level: number | null;
  /**
   * `covariance`: from the coefficients' joint uncertainty. `bounds`: from their single intervals, as if all erred the same
   * way: wider than need be.
   */
  readonly intervalFrom: 'covariance' | 'bounds' | null;
  readonly extrapolation: readonly Extrapolation[];
  /** Quantities that the fit gave no range for, so that nothing is known about extrapolation. */
  readonly rangeUnknown: readonly StepQuantity[];
}

/** sqrt(x' C x), the standard error of the prediction. */
const standardError = (covariance: readonly (readonly number[])[], x: readonly number[]): number => {
  let sum = 0;
  for (const [i, row] of covariance.entries()) for (const [j, c] of row.entries()) sum += c * x[i] * x[j];
  return Math.sqrt(Math.max(sum, 0));
};

/** How many standard errors the file's own intervals reach: its level and its degrees of freedom in one number. */
export const reachOf = (terms: BetasFile['terms'], covariance: readonly (readonly number[])[]): number => {
  let reach = 0;
  for (const [i, { interval }] of terms.entries()) {
    const error = Math.sqrt(covariance[i][i]);
    if (interval !== null && error > 0) reach = Math.max(reach, (interval[1] - interval[0]) / 2 / error);
  }
  return reach;
};

const intervalOf = (
  { terms, covariance, intervals }: BetasFile,
  x: readonly number[],
  durationSec: number,
): Pick<StepTimePrediction, 'intervalSec' | 'intervalFrom' | 'level'> => {
  if (intervals === null) return { level: null, intervalSec: null, intervalFrom: null };
  const { level } = intervals;
  if (covariance !== null) {
    const half = reachOf(terms, covariance) * standardError(covariance, x);
    return { level, intervalSec: [Math.max(0, durationSec - half), durationSec + half], intervalFrom: 'covariance' };
  }
  const bound = (side: 0 | 1) =>
    terms.reduce((sum, { value, interval }, t) => sum + (interval?.[side] ?? value) * x[t], 0);
  return { level, intervalSec: [Math.max(0, bound(0)), bound(1)], intervalFrom: 'bounds' };
};

const checkComposition = (composition: StepComposition): void => {
  for (const [what, value] of Object.entries(composition)) {
    if (value === undefined || (value >= 0 && value < Infinity)) continue;
    throw stepModelFault('step-model/bad-composition', { what, rule: 'must be a number of at least 0', value });
  }
};

/**
 * How long a step of this composition takes, by a fitted model, with its interval, and what of it lies outside of what the fit has seen.
 *
 * @param catalogue where the model's terms are looked up
 * @throws Fault `step-model/bad-composition` where a quantity is negative or not finite, `step-model/no-step-time` where the terms give no time
 *   of at least 0, `step-model/bad-betas-file`
 *
 * @example
 * predictStepTime(file, { prefillTokens: 512, decodeSeqs: 32, contextTokens: 20_000 }).durationSec // => 0.0241
 */
export const predictStepTime = (
  model: BetasFile,
  composition: StepComposition,
  catalogue: readonly Term[] = CATALOGUE,
): StepTimePrediction => {
  checkComposition(composition);
  const terms = checkedTerms(model, catalogue);
  const stretch = stretchOfStep(composition);
  const x = terms.map((term) => term.sum(stretch));
  const durationSec = x.reduce((sum, part, t) => sum + part * model.terms[t].value, 0);
  if (!(durationSec >= 0 && durationSec < Infinity)) {
    throw stepModelFault('step-model/no-step-time', {
      what: 'seconds of the step',
      rule: 'must be a finite number of at least 0 by the terms of the model',
      value: durationSec,
      hint: 'its terms hold near the compositions that the fit has seen',
    });
  }
  const extrapolation: Extrapolation[] = [];
  const rangeUnknown: StepQuantity[] = [];
  for (const { quantity, seen } of rangesRead(model, terms)) {
    const value = stretch[quantity];
    if (seen === undefined) rangeUnknown.push(quantity);
    else if (!(value >= seen[0] && value <= seen[1])) extrapolation.push({ quantity, value, seen });
  }
  return { durationSec, ...intervalOf(model, x, durationSec), extrapolation, rangeUnknown };
};
