import { type RowTable, rowsOf, type StretchColumns, type Term } from '@stepclock/step-cost';
import type { ClockProblem } from '../clock/clock-problem.js';
import type { ClockFrame } from '../trace/clock-frame.js';
import type { PrefillShares } from './prefill-sharing.js';

/** What a clock says that each segment holds. */
export interface SegmentWork {
  readonly steps: Float64Array;
  /** Mean context of a step. */
  readonly context: Float64Array;
  readonly shares: PrefillShares;
}

/** Whether some term asks for facts of the segments beyond those of the base terms. */
export const asksFurther = (terms: readonly Term[]): boolean =>
  terms.some(({ role, needs }) => role !== 'base' && needs.length > 0);

/**
 * The segments as stretches.
 *
 * @param budget tokens a step of the engine; Infinity where unknown
 * @param further whether the facts beyond those of the base terms are asked for
 */
const segmentStretches = (
  { frame, starts }: Pick<ClockProblem, 'frame' | 'starts'>,
  { steps, context, shares }: SegmentWork,
  budget: number,
  further: boolean,
): StretchColumns => ({
  length: steps.length,
  ...stepsOf(frame, steps, context, shares.alone),
  prefillTokens: shares.tokens,
  ...(further && {
    prefillSteps: stepsWithPrefill(frame, steps, shares, budget),
    prefillRequests: shares.requests,
    prefillContext: shares.positions,
    clientStarts: Float64Array.from(starts.segments),
    firstTokens: steps.map((_, j) => frame.firstTokens[j + 1] - frame.firstTokens[j]),
  }),
});

/** Steps of each segment, and what a mean one of them decodes: those that hold prefill alone decode nothing. */
const stepsOf = (
  { decodes }: ClockFrame,
  steps: Float64Array,
  context: Float64Array,
  alone: Float64Array | undefined,
): Pick<StretchColumns, 'steps' | 'decodeSeqs' | 'contextTokens'> => {
  if (alone === undefined) return { steps, decodeSeqs: decodes, contextTokens: context };
  const part = steps.map((k, j) => (alone[j] > 0 ? k / (k + alone[j]) : 1));
  return {
    steps: steps.map((k, j) => k + alone[j]),
    decodeSeqs: Float64Array.from(decodes, (n, j) => n * part[j]),
    contextTokens: context.map((c, j) => c * part[j]),
  };
};

/** The step that ends a prompt holds prefill, and as many before it as the budget asks for; where nothing decodes, all do. */
const stepsWithPrefill = (
  frame: ClockFrame,
  steps: Float64Array,
  { tokens, alone }: PrefillShares,
  budget: number,
): Float64Array => {
  const held = new Float64Array(steps.length);
  for (let i = 0; i < frame.prefillEnd.length; i++) held[frame.prefillEnd[i] - 1] = 1;
  for (let j = 0; j < held.length; j++) {
    if (alone !== undefined && alone[j] > 0) {
      held[j] = alone[j];
      continue;
    }
    const needed = frame.decodes[j] === 0 ? steps[j] : tokens[j] / Math.max(budget - frame.decodes[j], 1);
    held[j] = Math.min(steps[j], Math.max(held[j], needed));
  }
  return held;
};

/** One row a cluster: sums over its segments. */
export const clusterRows = (
  problem: Pick<ClockProblem, 'frame' | 'groups' | 'starts'>,
  work: SegmentWork,
  terms: readonly Term[],
  budget: number,
): RowTable => {
  const { frame, groups } = problem;
  const stretches = segmentStretches(problem, work, budget, asksFurther(terms));
  return rowsOf(stretches, frame.segmentSec, terms, groups.ofSegment, groups.length);
};
