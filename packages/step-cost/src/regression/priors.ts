import type { StepWindow } from '../windows/step-window.js';
import { fitWindow, type WindowFit } from './fit-window.js';

/** Noise is never taken for less than this share of a row's time: no log tells a step better. */
const LEAST_NOISE = 1e-3;

/**
 * Penalties that the priors of terms make: `s^2 / sd^2`, sd the prior's share of the coefficient of `step` (of the mean step where that
 * is 0), s^2 the noise variance that a fit leaves.
 *
 * @returns one value a term of the window; 0 where there is no prior
 */
const priorPenalty = (window: StepWindow, fit: WindowFit): Float64Array => {
  const { terms, rows, steps, seconds } = window;
  const stepAt = terms.findIndex(({ name }) => name === 'step');
  const fixed = stepAt < 0 ? 0 : fit.coefficients[stepAt];
  const unit = fixed > 0 ? fixed : seconds / Math.max(steps, 1);
  const variance = Math.max(noiseVariance(window, fit), LEAST_NOISE ** 2 * (seconds / Math.max(rows, 1)));
  const penalty = new Float64Array(terms.length);
  for (const [t, { priorShare }] of terms.entries())
    if (priorShare !== null) penalty[t] = variance / (priorShare * unit) ** 2;
  return penalty;
};

/** s^2: weighted squares over the degrees of freedom. */
export const noiseVariance = ({ rows }: StepWindow, { squares, inside }: WindowFit): number =>
  squares / Math.max(rows - inside.length, 1);

/** Fits that settle the noise variance: what the terms without a prior leave is more than the noise. */
const PASSES = 3;

/** The fit of some terms, those with a prior held by it. */
export const fitWithPriors = (
  window: StepWindow,
  of: readonly number[],
): WindowFit & { readonly penalty: Float64Array } => {
  let fit = fitWindow(window, { of: of.filter((t) => window.terms[t].priorShare === null) });
  let penalty = priorPenalty(window, fit);
  if (of.every((t) => window.terms[t].priorShare === null)) return { ...fit, penalty };
  for (let pass = 0; pass < PASSES; pass++) {
    fit = fitWindow(window, { of, penalty });
    penalty = priorPenalty(window, fit);
  }
  return { ...fit, penalty };
};
