import type { DividedCost } from '@stepclock/step-cost';
import { decodeContext } from '../rows/decode-context.js';
import { sharePrefills } from '../rows/prefill-sharing.js';
import type { ClockProblem } from './clock-problem.js';
import { type ClockState, stepExpectation } from './clock-state.js';

/** A second pass spreads by what the first found. */
const PASSES = 2;

/** What the segments hold under a clock that takes the cost's steps, prefill tokens spread by time. */
export const followEvenly = (
  problem: ClockProblem,
  state: ClockState,
  cost: DividedCost,
  withContext: boolean,
): void => {
  const { frame, columns, meanStepSec } = problem;
  const { steps, clock, shares, context } = state;
  for (let j = 0; j < steps.length; j++) {
    steps[j] = frame.busy[j] === 1 ? frame.segmentSec[j] / meanStepSec : 0;
  }
  const expectation = stepExpectation(problem, state, cost, 1, 0);
  for (let pass = 0; pass < PASSES; pass++) {
    for (let j = 0; j < steps.length; j++) clock[j + 1] = clock[j] + steps[j];
    sharePrefills(frame, columns.prefills, steps, shares);
    if (withContext) decodeContext(frame, columns.decodes, problem.pressing, clock, steps, context);
    for (let j = 0; j < steps.length; j++) {
      // Where a step would take no time, an even clock is all that is known.
      if (frame.busy[j] === 1 && cost.perStep(frame.decodes[j], context[j]) > 0) {
        steps[j] = expectation(j, frame.decodes[j]).steps;
      }
    }
  }
};
