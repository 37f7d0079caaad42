import { dividedCost, emptyStretch, type Term } from '@stepclock/step-cost';
import type { ClockProblem } from '../clock/clock-problem.js';
import { ONE_STEP } from '../clock/clock-state.js';
import { OVERHEAD } from '../fit/cost-columns.js';
import { ALL, type Placing, placer, sharePrefills } from './prefill-sharing.js';
import { ABOUT, placeFirst } from './prefills-first.js';

/**
 * Lays the work of the prefills on the segments. Where the budget of a step is known, as a scheduler does, first come, first served: a prompt takes the
 * room that is left in the step that ends the one before, if it was there when that step began, then whole steps, and the step that ends it takes
 * its rest. However long it waited before, nothing of it was computed then. Where no budget is known, in proportion to the steps. An engine that
 * prefills first computes a prompt right before its first token.
 *
 * @param coefficients by term: they tell when the last step of a segment began
 */
export const placePrefills = (
  problem: ClockProblem,
  placing: Placing,
  terms: readonly Term[],
  coefficients: Float64Array,
): void => {
  const { frame, columns, budget } = problem;
  if (problem.prefillFirst) placeFirst(problem, placing, terms, coefficients);
  else if (budget === Number.POSITIVE_INFINITY) sharePrefills(frame, columns.prefills, placing.steps, placing.shares);
  else placeByBudget(problem, placing, terms, coefficients);
};

/** So far back at most is looked for room: a clock far from right has none, and a queue may be long. */
const MOST_GROUPS = 256;

/** A segment is two groups of steps, 2j those before its last one, 2j + 1 the last one: only there can a prompt have ended. */
const placeByBudget = (
  problem: ClockProblem,
  placing: Placing,
  terms: readonly Term[],
  coefficients: Float64Array,
): void => {
  const { frame, columns, budget } = problem;
  const { prefillSegment, prefillOffset, prefillEnd } = frame;
  const { prefills } = columns;
  const put = placer(placing.shares, columns.prefills);
  const perStep = frame.decodes.map((n) => Math.max(budget - n, 1));
  const { steps, decodeSec } = leastSteps(problem, placing, terms, coefficients);
  const whole = Float64Array.from({ length: 2 * steps.length }, (_, g) => {
    const k = steps[g >> 1];
    return (g % 2 === 0 ? Math.max(k - 1, 0) : Math.min(k, 1)) * perStep[g >> 1];
  });
  const room = whole.slice();
  const at = terms.indexOf(OVERHEAD);
  const { ofPrefill } = dividedCost(terms, coefficients);
  const held = emptyStretch();
  /** Whether prompt i had come when the last step of segment j began. */
  const wasThere = (i: number, j: number): boolean => {
    held.prefillTokens = whole[2 * j] - room[2 * j];
    const prefillSec = held.prefillTokens > 0 ? ofPrefill(held) : 0;
    const beforeLast = Math.max(steps[j] - 1, 0) * decodeSec[j] + prefillSec;
    const begunSec = frame.nodeSec[j] + Math.min(frame.segmentSec[j], beforeLast);
    return prefills.startSec[i] + (at < 0 ? -ABOUT * decodeSec[j] : coefficients[at]) <= begunSec;
  };
  for (const i of frame.prefillsByEnd) {
    const all = prefills.tokens[i];
    if (!(all > 0)) continue;
    const a = prefillSegment[i];
    const inFirst = Math.max(0, steps[a] * (1 - prefillOffset[i]) - 1) * perStep[a];
    const roomIn = (g: number): number => (g > 2 * a ? room[g] : Math.min(room[g], inFirst));
    const lowest = Math.max(2 * a, 2 * prefillEnd[i] - MOST_GROUPS);
    let end = 2 * prefillEnd[i] - 1;
    while (end > lowest && !(roomIn(end) > 0)) end--;
    // Back to where there is room for all of it.
    let first = end;
    let before = 0;
    for (; before + roomIn(end) < all * ALL && first > lowest; before += roomIn(first)) first--;
    // And into steps that others left room in.
    for (let g = first - 1; g >= lowest && before < all; g--) {
      if (!(roomIn(g) > 0)) continue;
      if (g % 2 === 0 || room[g] >= whole[g] * ALL || !wasThere(i, g >> 1)) break;
      first = g;
      before += room[g];
    }
    let rest = all;
    for (let g = first; g <= end; g++) {
      // A prompt begins with a whole step.
      const step = perStep[g >> 1];
      const later = before - roomIn(first) + roomIn(end);
      const most = g === first && g % 2 === 0 ? Math.ceil(Math.max(0, all - later) / step - (1 - ALL)) * step : rest;
      const amount = g === end ? rest : Math.min(most, roomIn(g), Math.max(0, rest - 1));
      if (!(amount > 0)) continue;
      room[g] = Math.max(0, room[g] - amount);
      put(i, g >> 1, amount);
      rest -= amount;
    }
  }
};

/** Steps of each segment, one at least where it lasts as long as one, for nodes are ends of steps; and what a step lasts there that only decodes. */
const leastSteps = (
  { frame, punctual }: ClockProblem,
  { steps, context }: Placing,
  terms: readonly Term[],
  coefficients: Float64Array,
) => {
  const { perStep } = dividedCost(terms, coefficients);
  const decodeSec = steps.map((_, j) => Math.max(0, perStep(frame.decodes[j], context[j])));
  const holdsOne = (j: number): boolean =>
    punctual && frame.busy[j] === 1 && frame.segmentSec[j] > ONE_STEP * decodeSec[j];
  return { steps: steps.map((k, j) => (holdsOne(j) ? Math.max(k, 1) : k)), decodeSec };
};
