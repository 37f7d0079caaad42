import { isFault, shareText } from '@stepclock/faults';
import type { Betas } from '@stepclock/step-cost';
import {
  type MeasuredServing,
  measuredServing,
  type Refinement,
  refinedByReplay,
  refinedFit,
  servingJson,
} from '@stepclock/step-model';
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

/** A fit of phases, refined by a replay of its log where requests were preempted. */
export interface RefinedEstimate {
  readonly estimate: Estimate;
  readonly refinement?: Refinement;
}

/** Refines a fit whose counts gave way, where the log can be served again; `--no-refine` leaves it as it is. */
export const refinedEstimate = (
  { requests, facts }: Trace,
  estimate: Estimate,
  window: readonly [number, number] | undefined,
  args: EstimateArgs,
  session: Pick<Session, 'log'>,
): RefinedEstimate => {
  if (args.refine === false || estimate.algo !== 'step-clock' || estimate.clock.stretchedDecodes === 0)
    return { estimate };
  if (requests?.arrivalSec === undefined || facts.queueInPrefill === 'unknown') return { estimate };
  const { betas, intervals, promptOffsetTokens, policy } = estimate;
  if (intervals === null) return { estimate };
  const { settings } = facts;
  try {
    const limits = limitsOf({ maxNumBatchedTokens: args.maxNumBatchedTokens, policy }, settings);
    const options = given({ promptOffsetTokens, window, engine: settings.engine });
    const replayed = refinedByReplay(requests, { betas, covariance: intervals.covariance }, limits, options);
    if (replayed === undefined) return { estimate };
    if (replayed.kind === 'refined') return { estimate: refinedFit(estimate, replayed), refinement: replayed };
    const { late, decodes } = replayed;
    const why =
      decodes === undefined
        ? 'more than the coefficients leave open'
        : `coefficients that mend it make the decodes ${shareText(Math.abs(decodes))} too ${decodes > 0 ? 'long' : 'short'}`;
    const message = `requests were preempted, but with ${settings.kvTokens} tokens of KV cache a replay of the log has its tokens come ${lateText(late)}: ${why}. The coefficients stand as fitted; are the limits those of this log?`;
    return { estimate: { ...estimate, warnings: [...estimate.warnings, { code: 'limits-doubted', message }] } };
  } catch (error) {
    if (!isFault(error)) throw error;
    session.log.info(`the log cannot be served again, so it refines nothing: ${error.message}`);
    return { estimate };
  }
};

const lateText = (share: number): string => `${shareText(Math.abs(share))} ${share < 0 ? 'early' : 'late'}`;

/** What a refinement did, one line. */
export const refinementText = (refinement: Refinement | undefined): readonly string[] => {
  if (refinement === undefined) return [];
  const { factor, replays, late } = refinement;
  const [before, after] = late.map(lateText);
  return [
    `  refined   requests were preempted: steps take ${factor.toFixed(3)} times as long by ${replays} replays of the log, whose tokens came ${before}, now ${after} (--no-refine: as fitted)`,
  ];
};

/** The fields of a model's file that tell of it. */
export const refinementFields = (refinement: Refinement | undefined) =>
  refinement && { refinement: { factor: refinement.factor, replays: refinement.replays, late: refinement.late } };

/** The estimate with the client overhead that a replay measured, instead of what its own rows say of it. */
export const withOverhead = (estimate: Estimate, serving: MeasuredServing | undefined): Estimate => {
  if (serving === undefined || estimate.algo !== 'step-clock') return estimate;
  const { overhead: _, ...bare } = estimate;
  return { ...bare, ...(serving.overhead && { overhead: { seconds: serving.overhead.seconds, interval: null } }) };
};

/** An estimate with what a replay of its log tells, as fields of the model's file. */
export const servingFields = (serving: MeasuredServing | undefined) =>
  serving === undefined ? {} : servingJson(serving);
