import { soundPeriods, type TokenClockEstimate } from '@stepclock/beta-estimators';
import {
  betasOfFile,
  compareWithSteps,
  fitSteps,
  intervalsOfFile,
  matchStepLogs,
  type StepLogMatch,
  type StepsComparison,
  stepPeriods,
} from '@stepclock/step-model';
import type { StepTable } from '@stepclock/trace-io';
import { about, inputFault } from '../../session/errors.js';
import type { StepReference } from './step-reference.js';

/** Steps of token times beside a reference: how far apart coefficients are, and, beside a step log, the steps themselves. */
export interface TokenStepsComparison extends StepsComparison {
  readonly kind: 'betas' | 'step-log';
  /** Null beside coefficients. */
  readonly match: (StepLogMatch & { readonly hiddenSteps: number }) | null;
}

/** The engine's own log beside the rebuilt one: what its steps cost from end to end, and which of them were found. */
const againstStepLog = (estimate: TokenClockEstimate, reference: StepTable, name: string): TokenStepsComparison => {
  const { startSec, durationSec, contextTokens } = reference;
  const ends = startSec && durationSec.map((sec, k) => sec + startSec[k]);
  const periods = ends === undefined ? reference : stepPeriods(reference, ends);
  const fit = about(name, () => fitSteps(periods, { model: contextTokens === undefined ? 'linear' : 'kv' }));
  return {
    kind: 'step-log',
    match: {
      ...matchStepLogs(estimate.steps, {
        endSec: durationSec.map((sec, k) => (startSec === undefined ? Number.NaN : startSec[k] + sec)),
        prefillTokens: reference.prefillTokens,
        decodeSeqs: reference.decodeTokens,
        contextTokens,
      }),
      hiddenSteps: estimate.clock.hiddenSteps,
    },
    ...compareWithSteps(estimate.betas, fit, periods, estimate.intervals?.byLabel ?? {}),
  };
};

/** Compares what token times gave with a reference. @param name of the reference's file */
export const tokenStepsAgainst = (
  estimate: TokenClockEstimate,
  reference: StepReference,
  name: string,
): TokenStepsComparison => {
  if (estimate.clock.engines > 1) {
    throw inputFault(
      name,
      `can be compared with the steps of one engine; the token times are of ${estimate.clock.engines}`,
    );
  }
  if (reference.kind === 'steps' && (reference.steps.instanceIds?.length ?? 1) > 1) {
    throw inputFault(name, 'must be the step log of one engine; it names several');
  }
  if (reference.kind === 'steps') return againstStepLog(estimate, reference.steps, name);
  const { betas } = reference;
  return {
    kind: 'betas',
    match: null,
    ...compareWithSteps(betasOfFile(betas), estimate, soundPeriods(estimate.steps), intervalsOfFile(betas)),
  };
};
