import { dividedCost, type Term } from '@stepclock/step-cost';
import { decodeContext, readsContext } from '../rows/decode-context.js';
import { placePrefills } from '../rows/placed-prefills.js';
import type { ClockProblem } from './clock-problem.js';
import { type ClockState, stepExpectation } from './clock-state.js';

/** A second pass spreads by what the first found. */
const PASSES = 2;

/** What the segments hold under a clock that takes the cost's steps, prefill tokens spread by time. */
export const followEvenly = (
  problem: ClockProblem,
  state: ClockState,
  terms: readonly Term[],
  coefficients: Float64Array,
): void => {
  const { frame, columns, meanStepSec } = problem;
  const { steps, clock, context } = state;
  const cost = dividedCost(terms, coefficients);
  const withContext = readsContext(terms);
  for (let j = 0; j < steps.length; j++) {
    steps[j] = frame.busy[j] === 1 ? frame.segmentSec[j] / meanStepSec : 0;
  }
  const expectation = stepExpectation(problem, state, cost, 1, 0);
  for (let pass = 0; pass < PASSES; pass++) {
    for (let j = 0; j < steps.length; j++) clock[j + 1] = clock[j] + steps[j];
    placePrefills(problem, state, terms, coefficients);
    if (withContext) decodeContext(frame, columns.decodes, problem.pressing, clock, steps, context);
    for (let j = 0; j < steps.length; j++) {
      // Where a step would take no time, an even clock is all that is known.
      if (frame.busy[j] === 1 && cost.perStep(frame.decodes[j], context[j]) > 0) {
        steps[j] = expectation(j, frame.decodes[j]).steps;
      }
    }
  }
};
