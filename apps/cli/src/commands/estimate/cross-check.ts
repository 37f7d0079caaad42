import { type CrossCheck, crossCheck, estimateStepClock, type TokenClockEstimate } from '@stepclock/beta-estimators';
import { isFault } from '@stepclock/faults';
import type { Betas } from '@stepclock/step-cost';
import type { TraceInput } from '../../files/trace-input.js';
import { given } from '../../options/given.js';
import type { Session } from '../../session/session.js';
import { percent } from '../../text/quantity.js';
import type { EstimateArgs } from './options.js';

/** Larger files are not read twice. */
const MOST_REQUESTS = 20_000;
/** Differences beyond this part of the mean step are named. */
const AGREES = 0.05;

/** What the step clock, which reads first and last tokens only, says of the same file. */
export interface StepClockCheck extends CrossCheck {
  readonly betas: Betas;
}

/** The step clock beside an estimate from token times; null where it has nothing to read, or finds nothing. */
export const stepClockCheck = (
  estimate: TokenClockEstimate,
  { trace }: TraceInput,
  { maxNumBatchedTokens }: EstimateArgs,
  session: Pick<Session, 'log'>,
): StepClockCheck | null => {
  const { phases, facts } = trace;
  if (phases === undefined || estimate.clock.requests > MOST_REQUESTS || estimate.clock.engines > 1) return null;
  try {
    const { betas } = estimateStepClock(
      phases,
      given({
        queueInPrefill: trace.kind === 'phases' ? trace.facts.queueInPrefill : undefined,
        maxNumBatchedTokens: maxNumBatchedTokens ?? facts.settings.maxNumBatchedTokens,
      }),
    );
    return { ...crossCheck(estimate.steps, estimate.betas, betas), betas };
  } catch (error) {
    if (!isFault(error)) throw error;
    session.log.info(`the step clock finds nothing to compare with: ${error.message}`);
    return null;
  }
};

/** The estimate with the warning that the two differ, where they do. */
export const warnedOfCheck = (estimate: TokenClockEstimate, check: StepClockCheck | null): TokenClockEstimate => {
  if (check === null || Math.abs(check.difference) <= AGREES) return estimate;
  const way = check.difference > 0 ? 'longer' : 'shorter';
  const message = `first and last tokens alone (the step clock) make the mean step ${percent(Math.abs(check.difference))} ${way}: token times are the better evidence`;
  return { ...estimate, warnings: [...estimate.warnings, { code: 'clocks-disagree', message }] };
};
