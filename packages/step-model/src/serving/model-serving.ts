import type { BetasFile } from '../model-file/betas-schema.js';
import type { LoadCorrections } from './replayed-load.js';
import type { SchedulerRules } from './rule-trial.js';

/** What a model's file says of a replay beside the cost of a step. */
export interface ModelServing extends LoadCorrections {
  /** Rules that the fit's own log told, or under which its overhead was measured. */
  readonly rules: Partial<SchedulerRules>;
}

/**
 * What a model's file says of how its engine is replayed: client overhead, tokens of prompts that logs do not count, rules of the scheduler.
 *
 * @param isEnginesOwn whether the replayed log is the engine's own: no client's overhead lies in its times
 */
export const servingOfModel = (model: BetasFile, isEnginesOwn = false): ModelServing => {
  const { overhead: between, prompt_offset_tokens: offset, scheduling } = model;
  const overhead =
    between == null || isEnginesOwn
      ? undefined
      : {
          seconds: between.seconds,
          secondsPerPromptToken: between.seconds_per_prompt_token ?? 0,
          ...(between.standard_error !== undefined && { errorSec: between.standard_error }),
        };
  // An overhead holds under the rule that it was measured with: what one leaves out of a first token is in the other.
  const isDecided = (rule: string): boolean => overhead !== undefined || scheduling?.decided_by?.[rule] === 'log';
  const { async_scheduling: ahead, reserve_full_prompt: whole } = scheduling ?? {};
  return {
    ...(overhead && { overhead }),
    ...(offset != null && { promptOffsetTokens: offset }),
    rules: {
      ...(ahead != null && isDecided('async_scheduling') && { asyncScheduling: ahead }),
      ...(whole != null && isDecided('reserve_full_prompt') && { reserveFullPrompt: whole }),
    },
  };
};
