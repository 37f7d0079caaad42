import { type RowTable, rowsOf, type StretchColumns, type Term } from '@stepclock/step-cost';
import type { ClockFrame } from '../trace/clock-frame.js';
import type { Clusters } from '../trace/clusters.js';
import type { PrefillShares } from './prefill-sharing.js';

/** What a clock says that each segment holds. */
export interface SegmentWork {
  readonly steps: Float64Array;
  /** Mean context of a step. */
  readonly context: Float64Array;
  readonly shares: PrefillShares;
}

/** Facts beyond the base terms that some term asks of the segments. */
export const asksFurther = (terms: readonly Term[]): boolean =>
  terms.some(({ needs }) => needs.some((fact) => fact.startsWith('prefill') && fact !== 'prefillTokens'));

/**
 * The segments as stretches.
 *
 * @param budget tokens a step of the engine; Infinity where unknown
 * @param further whether the facts of prefill beyond its tokens are asked for
 */
const segmentStretches = (
  frame: ClockFrame,
  { steps, context, shares }: SegmentWork,
  budget: number,
  further: boolean,
): StretchColumns => ({
  length: steps.length,
  steps,
  decodeSeqs: frame.decodes,
  contextTokens: context,
  prefillTokens: shares.tokens,
  ...(further && {
    prefillSteps: stepsWithPrefill(frame, steps, shares.tokens, budget),
    prefillRequests: shares.requests,
    prefillContext: shares.positions,
  }),
});

/** The step that ends a prompt holds prefill, and as many before it as the budget asks for; never more than there are. */
const stepsWithPrefill = (
  frame: ClockFrame,
  steps: Float64Array,
  tokens: Float64Array,
  budget: number,
): Float64Array => {
  const held = new Float64Array(steps.length);
  for (let i = 0; i < frame.prefillEnd.length; i++) held[frame.prefillEnd[i] - 1] = 1;
  for (let j = 0; j < held.length; j++) {
    const needed = tokens[j] / Math.max(budget - frame.decodes[j], 1);
    held[j] = Math.min(steps[j], Math.max(held[j], needed));
  }
  return held;
};

/** One row a cluster: sums over its segments. */
export const clusterRows = (
  frame: ClockFrame,
  { length, ofSegment }: Clusters,
  work: SegmentWork,
  terms: readonly Term[],
  budget: number,
): RowTable =>
  rowsOf(segmentStretches(frame, work, budget, asksFurther(terms)), frame.segmentSec, terms, ofSegment, length);
