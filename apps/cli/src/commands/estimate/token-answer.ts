import type { TokenClockEstimate } from '@stepclock/beta-estimators';
import {
  betasFileOf,
  type PossibleCost,
  settingsWarnings,
  snakeCaseFields,
  snakeCaseKeys,
} from '@stepclock/step-model';
import type { TraceInput } from '../../files/trace-input.js';
import type { Session } from '../../session/session.js';
import { leftOutJson } from '../../text/left-out.js';
import { servingText } from '../../text/serving-text.js';
import { crossCheckText } from '../../text/token-clock-text.js';
import { physicsOf } from '../model/physical-words.js';
import { stepClockCheck, warnedOfCheck } from './cross-check.js';
import type { EstimateArgs } from './options.js';
import { servingFields, servingOf } from './serving.js';

/** An estimate from token times with all that is asked of it. */
export interface TokenAnswer {
  /** With the warnings of the checks. */
  readonly estimate: TokenClockEstimate;
  /** Fields of the model's file that the checks give. */
  readonly further: Readonly<Record<string, unknown>>;
  /** What the checks say, one line a fact. */
  readonly lines: readonly string[];
}

/** Checks an estimate from token times against the step clock, against its own log served again, and against the hardware where it is known. */
export const tokenAnswer = (
  found: TokenClockEstimate,
  input: TraceInput,
  args: EstimateArgs,
  possible: PossibleCost | undefined,
  session: Pick<Session, 'log'>,
): TokenAnswer => {
  const check = stepClockCheck(found, input, args, session);
  const physics = physicsOf(found, possible);
  const checked = warnedOfCheck(found, check);
  const { facts, phases } = input.trace;
  const told = settingsWarnings(facts.settings, facts, phases, { evidence: 'tokens', warnings: found.warnings });
  const { shiftedTokens: promptOffsetTokens, prefillFirst } = found.clock;
  const policy = prefillFirst ? 'prefill-first' : 'mixed';
  const serving = servingOf(input.trace, { betas: found.betas, promptOffsetTokens, policy }, args, session);
  return {
    estimate: { ...checked, warnings: [...checked.warnings, ...physics.warnings, ...told] },
    further: {
      cross_check: check && { estimator: 'step-clock', ...snakeCaseFields(check) },
      ...physics.json,
      ...(promptOffsetTokens !== 0 && { prompt_offset_tokens: promptOffsetTokens }),
      policy,
      ...servingFields(serving),
    },
    lines: [
      ...servingText(serving).map((line) => `  overhead  ${line}`),
      ...(check === null ? [] : [`  ${crossCheckText(check)}`]),
      ...physics.text,
    ],
  };
};

/** An estimate from token times as the object of a model's file. */
export const tokenModelOf = (
  estimate: TokenClockEstimate,
  { trace, requests, name, sha256 }: TraceInput,
  further: Readonly<Record<string, unknown>>,
  version: string,
) => {
  const { steps: _, rows: __, ...told } = estimate;
  const { clock } = estimate;
  const { exclusions } = trace;
  return {
    ...betasFileOf(told),
    evidence: 'tokens',
    ...further,
    input: {
      files: [
        {
          file: name,
          sha256,
          format: trace.facts.format,
          requests: requests ?? clock.requests,
          chunks: clock.chunks,
          excluded: exclusions.map(({ reason, count }) => ({ reason, count })),
        },
      ],
      left_out: leftOutJson(exclusions, requests ?? clock.requests),
      settings: snakeCaseKeys(trace.facts.settings),
    },
    stepclock_version: version,
  };
};
