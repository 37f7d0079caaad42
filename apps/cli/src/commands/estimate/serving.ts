import { isFault } from '@stepclock/faults';
import type { Betas } from '@stepclock/step-cost';
import { type MeasuredServing, measuredServing, servingJson } from '@stepclock/step-model';
import type { Trace } from '@stepclock/trace-io';
import { given } from '../../options/given.js';
import type { Session } from '../../session/session.js';
import { limitsOf } from '../model/limits.js';
import type { Estimate } from './estimators.js';
import type { EstimateArgs } from './options.js';

/** A fit, as far as a replay of its log asks for it. */
interface FittedLog {
  readonly betas: Betas;
  readonly promptOffsetTokens?: number | undefined;
  readonly policy?: 'mixed' | 'prefill-first' | undefined;
  readonly window?: readonly [number, number] | undefined;
}

/** What a replay of a log with its own fit tells; undefined where the log cannot be served again. */
export const servingOf = (
  { requests, facts }: Trace,
  { betas, promptOffsetTokens, policy, window }: FittedLog,
  { maxNumBatchedTokens }: EstimateArgs,
  session: Pick<Session, 'log'>,
): MeasuredServing | undefined => {
  if (requests?.arrivalSec === undefined || facts.queueInPrefill === 'unknown') return undefined;
  try {
    const limits = limitsOf({ maxNumBatchedTokens, policy }, facts.settings);
    const { engine } = facts.settings;
    return measuredServing(requests, betas, limits, given({ promptOffsetTokens, window, engine }));
  } catch (error) {
    if (!isFault(error)) throw error;
    session.log.info(`the log cannot be served again, so it tells no client overhead: ${error.message}`);
    return undefined;
  }
};

/** The estimate with the client overhead that a replay measured, instead of what its own rows say of it. */
export const withOverhead = (estimate: Estimate, serving: MeasuredServing | undefined): Estimate => {
  if (serving === undefined || estimate.algo !== 'step-clock') return estimate;
  const { overhead: _, ...bare } = estimate;
  return { ...bare, ...(serving.overhead && { overhead: { seconds: serving.overhead.seconds, interval: null } }) };
};

/** An estimate with what a replay of its log tells, as fields of the model's file. */
export const servingFields = (serving: MeasuredServing | undefined) =>
  serving === undefined ? {} : servingJson(serving);
