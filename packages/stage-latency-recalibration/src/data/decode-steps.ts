import { stageFault } from '../stage-fault.js';

/**
 * How many decode steps a response of D output tokens takes.
 * - `prefill-emits-first` (default): the prefill step emits the first token, so D - 1 steps follow: what real engines do;
 * - `decode-emits-all`: D steps, for logs that count the first token to the decode.
 */
export type DecodeConvention = 'prefill-emits-first' | 'decode-emits-all';

export const DECODE_CONVENTIONS: readonly DecodeConvention[] = ['prefill-emits-first', 'decode-emits-all'];

/**
 * @throws Fault `stage/bad-value` for fewer than one output token
 *
 * @example
 * decodeSteps(128, 'prefill-emits-first') // => 127
 */
export const decodeSteps = (outputTokens: number, convention: DecodeConvention): number => {
  if (!(outputTokens >= 1)) {
    throw stageFault('stage/bad-value', { what: 'output tokens', rule: 'must be at least 1', value: outputTokens });
  }
  return convention === 'prefill-emits-first' ? outputTokens - 1 : outputTokens;
};

/** How a request's total follows from its stages: `T_total = sum over once-stages + steps x sum over per-step stages`. */
export interface TotalRule {
  /** Stages that count once a decode step; all others count once. */
  readonly perStepStages: readonly string[];
  readonly convention: DecodeConvention;
  /** Decode steps of every request when the data has no output tokens, or when they shall not count. */
  readonly fixedSteps?: number;
}

const PER_STEP = /per[_-]?(token|step)|tpot|itl/i;

/** Whether a stage's name says that it is the cost of one decode step. */
export const looksPerStep = (stage: string): boolean => PER_STEP.test(stage);
