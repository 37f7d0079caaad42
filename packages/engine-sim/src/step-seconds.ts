import { engineSimFault } from './engine-sim-fault.js';

/** What one step processes. */
export interface EngineStep {
  readonly prefillTokens: number;
  /** Requests with prefill tokens in the step. */
  readonly prefillRequests: number;
  /** Sum over the prefill tokens of their position in their request, from 1, cached tokens counted. */
  readonly prefillContext: number;
  /** Decoding requests, one token each. */
  readonly decodeSeqs: number;
  /** Tokens that the decoding requests hold in the KV cache when the step starts. */
  readonly contextTokens: number;
}

/**
 * Seconds that a step takes, without noise. Called once or twice a step, always with the same object, whose fields change: keep none
 * of it. Every answer must be a finite number above 0.
 */
export type StepSeconds = (step: EngineStep) => number;

/** A step takes `beta0 + beta1 p + beta2 d + beta3 c`: p prefill tokens, d decodes, c tokens of their context. */
export type Coefficients = {
  /** Fixed cost of a step, s/step. */
  readonly beta0: number;
  /** s per prefill token. */
  readonly beta1: number;
  /** s per decode token. */
  readonly beta2: number;
  /** s per token of KV cache that the decodes of the step read; 0 when absent. */
  readonly beta3?: number;
};

const atLeastZero = (what: string, value: number): number => {
  if (!(value >= 0 && value < Infinity)) {
    throw engineSimFault('engine-sim/bad-option', { what, rule: 'must be a finite number of at least 0', value });
  }
  return value;
};

/** @throws Fault `engine-sim/bad-option` where a coefficient is negative or not finite, or a step could take no time */
export const linearStepSeconds = (given: Coefficients): StepSeconds => {
  const beta0 = atLeastZero('beta0', given.beta0);
  const beta1 = atLeastZero('beta1', given.beta1);
  const beta2 = atLeastZero('beta2', given.beta2);
  const beta3 = atLeastZero('beta3', given.beta3 ?? 0);
  if (!(beta0 > 0 || (beta1 > 0 && beta2 > 0))) {
    throw engineSimFault('engine-sim/bad-option', {
      what: 'coefficients',
      rule: 'must let every step take time: beta0 > 0, or beta1 and beta2 > 0',
      value: JSON.stringify(given),
    });
  }
  return ({ prefillTokens, decodeSeqs, contextTokens }) =>
    beta0 + beta1 * prefillTokens + beta2 * decodeSeqs + beta3 * contextTokens;
};
