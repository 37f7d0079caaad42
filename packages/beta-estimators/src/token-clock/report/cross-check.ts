import { type Betas, CATALOGUE, stepSeconds } from '@stepclock/step-cost';
import type { RebuiltStepLog } from './rebuilt-step-log.js';

/** What another estimator says of the steps that token times show. */
export interface CrossCheck {
  /** The step of mean composition by the token clock, and by the other estimator, s. */
  readonly meanStepSec: number;
  readonly otherMeanStepSec: number;
  /** (other - token clock) / token clock. */
  readonly difference: number;
}

/** Compares two sets of coefficients by what they say of the mean step of a rebuilt log. */
export function crossCheck(steps: RebuiltStepLog, betas: Betas, other: Betas): CrossCheck {
  const mean = (column: Float64Array): number => column.reduce((sum, value) => sum + value, 0) / steps.length;
  const step = {
    prefillTokens: mean(steps.prefillTokens),
    prefillRequests: mean(steps.prefillRequests),
    prefillContext: mean(steps.prefillContext),
    decodeSeqs: mean(steps.decodeSeqs),
    contextTokens: mean(steps.contextTokens),
  };
  const meanStepSec = stepSeconds(betas, step, CATALOGUE);
  const otherMeanStepSec = stepSeconds(other, step, CATALOGUE);
  return { meanStepSec, otherMeanStepSec, difference: otherMeanStepSec / meanStepSec - 1 };
}
