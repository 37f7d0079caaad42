import type { EngineLimits } from '@stepclock/engine-sim';
import { CATALOGUE, type Term } from '@stepclock/step-cost';
import { capacity } from '../capacity/capacity.js';
import type { LoadShape } from '../capacity/load-shape.js';
import type { Slo } from '../capacity/slo.js';
import type { BetasFile } from '../model-file/betas-schema.js';
import { predictStepTime } from '../prediction/predict-step-time.js';
import { stepModelFault } from '../step-model-fault.js';

/**
 * The highest rate of a load that an engine holds within its SLOs, requests/s; 0 where it holds them at none. What `capacity` says, without a band.
 *
 * @throws Fault as `capacity` does
 */
export const rateHeld = (
  model: BetasFile,
  shape: LoadShape,
  slos: readonly Slo[],
  limits: EngineLimits = {},
  catalogue: readonly Term[] = CATALOGUE,
): number => capacity(model, shape, slos, limits, { draws: 0, catalogue }).ratePerSec ?? 0;

const whole = (what: string, value: number, least: number): number => {
  if (!(Number.isSafeInteger(value) && value >= least)) {
    const rule = `must be a whole number of at least ${least}`;
    throw stepModelFault('step-model/bad-composition', { what, rule, value });
  }
  return value;
};

/** Decodes that stand beside the prefill of a queue. */
export interface Beside {
  readonly decodeSeqs?: number;
  /** Tokens of KV cache that they read a step, all together. */
  readonly contextTokens?: number;
}

/** More steps than any queue is worth asking for. */
const MOST_STEPS = 1e6;

/**
 * How long an engine takes to compute the prompts of a queue, s: steps of its token budget one after another, beside the decodes that run meanwhile.
 * The time that a request at the end of the queue waits for its first token, if nobody before it is admitted later.
 *
 * @param promptTokens of every request in the queue, in its order; those not yet computed
 * @param tokenBudget tokens a step at most, decodes included (vLLM: max_num_batched_tokens)
 * @throws Fault `step-model/bad-composition` where a prompt or the budget is no whole number, or decodes leave none of it; as `predictStepTime` does
 */
export const queuedPrefillSeconds = (
  model: BetasFile,
  promptTokens: readonly number[],
  tokenBudget: number,
  { decodeSeqs = 0, contextTokens = 0 }: Beside = {},
  catalogue: readonly Term[] = CATALOGUE,
): number => {
  const room = whole('tokenBudget', tokenBudget, 1) - whole('decodeSeqs', decodeSeqs, 0);
  whole('tokens of the budget beside the decodes', room, 1);
  const waiting = promptTokens.map((tokens, i) => whole(`promptTokens[${i}]`, tokens, 1));
  whole(
    'steps that are left of at most a million',
    MOST_STEPS - Math.ceil(waiting.reduce((a, b) => a + b, 0) / room),
    0,
  );
  let seconds = 0;
  for (let next = 0, done = 0; next < waiting.length; ) {
    let [left, prefillRequests, prefillContext] = [room, 0, 0];
    while (left > 0 && next < waiting.length) {
      const chunk = Math.min(left, waiting[next] - done);
      left -= chunk;
      prefillRequests++;
      prefillContext += chunk * done + (chunk * (chunk + 1)) / 2;
      done += chunk;
      if (done < waiting[next]) continue;
      next++;
      done = 0;
    }
    const step = { prefillTokens: room - left, prefillRequests, prefillContext, decodeSeqs, contextTokens };
    seconds += predictStepTime(model, step, catalogue).durationSec;
  }
  return seconds;
};

/**
 * The time between two tokens of every request of a batch that only decodes, s, each with so much context.
 *
 * @throws Fault as `predictStepTime` does
 */
export const decodeIntervalSeconds = (
  model: BetasFile,
  decodeSeqs: number,
  contextTokensPerSeq: number,
  catalogue: readonly Term[] = CATALOGUE,
): number => {
  const contextTokens = decodeSeqs * contextTokensPerSeq;
  return predictStepTime(model, { prefillTokens: 0, decodeSeqs, contextTokens }, catalogue).durationSec;
};
