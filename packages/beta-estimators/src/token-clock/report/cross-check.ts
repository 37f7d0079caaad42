import { meanOf } from '@stepclock/numerics';
import { type Betas, type StepCost, stepCost, stretchOfStep } from '@stepclock/step-cost';
import type { RebuiltStepLog } from './rebuilt-step-log.js';

/** What another estimator says of the steps that token times show. */
export interface CrossCheck {
  /** Mean over the steps of what each costs, by the token clock and by the other estimator, s. */
  readonly meanStepSec: number;
  readonly otherMeanStepSec: number;
  /** (other - token clock) / token clock. */
  readonly difference: number;
}

/** Compares two sets of coefficients by what they say of the steps of a rebuilt log. */
export function crossCheck(steps: RebuiltStepLog, betas: Betas, other: Betas): CrossCheck {
  const meanSec = ({ secondsOf }: StepCost): number =>
    meanOf(
      Float64Array.from({ length: steps.length }, (_, k) =>
        secondsOf(
          stretchOfStep({
            prefillTokens: steps.prefillTokens[k],
            prefillRequests: steps.prefillRequests[k],
            prefillContext: steps.prefillContext[k],
            decodeSeqs: steps.decodeSeqs[k],
            contextTokens: steps.contextTokens[k],
          }),
        ),
      ),
    );
  const meanStepSec = meanSec(stepCost(betas));
  const otherMeanStepSec = meanSec(stepCost(other));
  return { meanStepSec, otherMeanStepSec, difference: otherMeanStepSec / meanStepSec - 1 };
}
