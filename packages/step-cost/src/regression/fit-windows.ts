import { mergeWindows, type StepWindow } from '../windows/step-window.js';
import { chosenTerms } from './choose-terms.js';
import { refuseEmpty } from './fit-window.js';
import { type Identifiability, identifiability } from './identifiability.js';
import { type CoefficientIntervals, coefficientIntervals } from './intervals.js';
import { fitWithPriors, noiseVariance } from './priors.js';

/** Jitter of rebuilt steps, common to all windows: no resampling of them sees it. Share of a step's time (H100 logs). */
export const REBUILT_STEPS_FLOOR_SHARE = 0.005;

export interface FitWindowsOptions {
  /** Level of the intervals, in (0, 1). Default 0.95. */
  readonly level?: number;
  /**
   * `all`: every term of the windows is in. `auto` (default): the base terms, and the families of others that lower the held-out loss. A list: the
   * terms of these indices.
   */
  readonly choice?: 'all' | 'auto' | readonly number[];
  /** `auto`: share by which a family must lower the held-out loss. Default 2 %. */
  readonly leastGain?: number;
  /** Doubt that all windows share, as a share of the fitted time: added in quadrature to every prediction, and so to every coefficient. Default 0. */
  readonly floorShare?: number;
}

/** The regression of an engine's windows. */
export interface WindowsFit {
  /** By term of the windows, s; 0 for those that were not chosen. */
  readonly coefficients: Float64Array;
  /** Terms in the model, by index. */
  readonly of: readonly number[];
  /** Null with fewer than ten windows, or where columns depend on each other. */
  readonly intervals: CoefficientIntervals | null;
  readonly identifiability: Identifiability;
  /** s^2: weighted squares over the degrees of freedom, s^2 x weight. */
  readonly variance: number;
}

/**
 * Fits the windows of one engine: priors hold the terms that have one, bounds those that cannot be negative, held-out loss chooses among the
 * families beyond the base terms, and leaving out windows gives the intervals.
 *
 * @param windows with the same terms, weights and stated fit
 * @throws Fault `step-cost/no-windows`, `step-cost/unlike-windows`, `step-cost/no-rows`
 */
export const fitWindows = (
  windows: readonly StepWindow[],
  { level = 0.95, choice = 'auto', leastGain, floorShare = 0 }: FitWindowsOptions = {},
): WindowsFit => {
  const all = mergeWindows(windows);
  refuseEmpty(all);
  const indices = all.terms.map((_, t) => t);
  const isOpen = (t: number): boolean => choice === 'auto' && all.terms[t].role === 'open';
  const of =
    typeof choice === 'string'
      ? chosenTerms(
          windows,
          indices.filter((t) => !isOpen(t)),
          indices.filter(isOpen),
          leastGain,
        )
      : choice;
  const fit = fitWithPriors(all, of);
  const identified = identifiability(all, of, fit.coefficients);
  return {
    coefficients: fit.coefficients,
    of,
    intervals: identified.dependent ? null : (coefficientIntervals(windows, of, fit, level, floorShare) ?? null),
    identifiability: identified,
    variance: noiseVariance(all, fit),
  };
};
