import type { ClockProblem } from '../clock/clock-problem.js';
import type { ClockState } from '../clock/clock-state.js';

/**
 * Ranges over the steps seen, from the 0.5th to the 99.5th percentile of segments. Steps are counted to about one, so tokens a step are
 * quotients that may come out above what any step held: where the engine's token budget is known, none exceeds it.
 */
export interface Compositions {
  readonly prefillTokens: readonly [number, number];
  readonly decodeSeqs: readonly [number, number];
  readonly contextTokens: readonly [number, number];
}

/** Shorter segments tell no composition. */
const LEAST_STEPS = 0.5;
const TAIL = 0.005;
/** Percentiles of a long trace need not look at every segment. */
const MOST_SEGMENTS = 50_000;

/** @param budget tokens a step of the engine; Infinity where unknown */
export const compositions = (
  { frame, groups }: ClockProblem,
  { steps, shares, context }: ClockState,
  budget: number,
): Compositions => {
  const prefill: number[] = [];
  const decodes: number[] = [];
  const contexts: number[] = [];
  const stride = Math.ceil(steps.length / MOST_SEGMENTS);
  for (let j = 0; j < steps.length; j += stride) {
    const k = steps[j];
    if (groups.ofSegment[j] < 0 || !(k >= LEAST_STEPS)) continue;
    const active = frame.decodes[j];
    prefill.push(Math.min(shares.tokens[j] / k, Math.max(0, budget - active)));
    decodes.push(active);
    contexts.push(context[j]);
  }
  return { prefillTokens: range(prefill), decodeSeqs: range(decodes), contextTokens: range(contexts) };
};

const range = (values: readonly number[]): readonly [number, number] => {
  const sorted = Float64Array.from(values).sort();
  const cut = Math.floor(TAIL * sorted.length);
  return [sorted[cut] ?? 0, sorted[sorted.length - 1 - cut] ?? 0];
};
