import { isFault } from '@stepclock/faults';
import { leastSquares } from '@stepclock/regression';
import { stepTimeDataset, stepTimeTerms } from '../data/step-time-terms.js';
import type { StepTimes } from '../data/step-times.js';

/** What one more feature would bring. */
export interface FurtherFeature {
  readonly name: string;
  /** With this feature in the model; `null` where it cannot be told apart from the others. */
  readonly r2: number | null;
  readonly adjustedR2: number | null;
}

/** Tries each feature that the data has and the model does not use, one at a time. */
export const furtherFeatures = (times: StepTimes, used: readonly string[]): FurtherFeature[] =>
  [...times.further.keys()]
    .filter((name) => !used.includes(name))
    .map((name) => {
      const features = [...used, name];
      try {
        const fit = leastSquares(stepTimeDataset(times, features), { terms: stepTimeTerms(features) });
        return { name, r2: fit.statistics.r2, adjustedR2: fit.statistics.adjustedR2 };
      } catch (error) {
        if (isFault(error, 'regression')) return { name, r2: null, adjustedR2: null };
        throw error;
      }
    });
