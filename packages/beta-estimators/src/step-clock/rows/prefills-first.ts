import { dividedCost, emptyStretch, type Term } from '@stepclock/step-cost';
import type { ClockProblem } from '../clock/clock-problem.js';
import { ONE_STEP } from '../clock/clock-state.js';
import { OVERHEAD } from '../fit/cost-columns.js';
import { ALL, type Placing, placer } from './prefill-sharing.js';

/** An engine's log tells when a prompt's first step began, within this part of a step. */
export const ABOUT = 0.25;

/**
 * Lays the work of the prefills on the segments that end them, as an engine does that computes prompts while decodes wait; but for what fitted into the
 * step that ended the one before, if it was there when that step began. Counts the steps that decodes waited for.
 */
export const placeFirst = (
  { frame, columns: { prefills }, budget }: ClockProblem,
  { shares }: Pick<Placing, 'shares'>,
  terms: readonly Term[],
  coefficients: Float64Array,
): void => {
  const { tokens, alone } = shares;
  const put = placer(shares, prefills);
  const { perStep, ofPrefill } = dividedCost(terms, coefficients);
  const stepSec = perStep(0, 0);
  const overhead = terms.indexOf(OVERHEAD);
  const lateSec = overhead < 0 ? -ABOUT * stepSec : coefficients[overhead];
  const held = { ...emptyStretch(), prefillSteps: 1 };
  const stepsOf = (j: number): number => Math.max(1, Math.ceil(tokens[j] / budget - (1 - ALL)));
  /** What the last step of segment j has room for, and when it began. */
  const lastStep = (j: number) => {
    const room = stepsOf(j) * budget - tokens[j];
    held.prefillTokens = Math.min(tokens[j], budget - room);
    return { room, begunSec: frame.nodeSec[j + 1] - stepSec - ofPrefill(held) };
  };
  let last = -1;
  let before = { room: 0, begunSec: Number.NEGATIVE_INFINITY };
  for (const i of frame.prefillsByEnd) {
    const all = prefills.tokens[i];
    if (!(all > 0)) continue;
    const end = frame.prefillEnd[i];
    // A step apart at least, or chunks of one step that a client saw one after the other.
    const j = last >= 0 && frame.nodeSec[end] - frame.nodeSec[last + 1] < ONE_STEP * stepSec ? last : end - 1;
    if (j !== last && last >= 0 && budget < Number.POSITIVE_INFINITY) before = lastStep(last);
    const isThere = j !== last && prefills.startSec[i] + lateSec <= before.begunSec;
    // What would have fitted as a whole would have ended there.
    const early = isThere && before.room < all ? before.room : 0;
    if (early > 0) put(i, last, early);
    put(i, j, all - early);
    last = j;
  }
  if (alone === undefined) return;
  for (let j = 0; j < alone.length; j++) alone[j] = frame.decodes[j] > 0 && tokens[j] > 0 ? stepsOf(j) : 0;
};
