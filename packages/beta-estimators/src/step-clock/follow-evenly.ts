import type { ClockProblem } from './clock-problem.js';
import type { ClockState } from './clock-state.js';
import { decodeContext } from './decode-context.js';
import { sharePrefills } from './prefill-sharing.js';
import type { StepBetas, Width } from './row-fit.js';

const PASSES = 2;
/** A segment keeps this share of the steps that its time would hold at the mean rate, however much its prefill tokens cost. */
const LEAST_SHARE = 0.1;

/** What the segments hold under a clock that takes the coefficients' steps, prefill tokens spread by time. */
export const followEvenly = (problem: ClockProblem, state: ClockState, beta: StepBetas, width: Width): void => {
  const { frame, columns, meanStepSec } = problem;
  const { steps, clock, shares, context } = state;
  for (let j = 0; j < steps.length; j++) {
    steps[j] = frame.busy[j] === 1 ? frame.segmentSec[j] / meanStepSec : 0;
  }
  for (let pass = 0; pass < PASSES; pass++) {
    for (let j = 0; j < steps.length; j++) clock[j + 1] = clock[j] + steps[j];
    sharePrefills(frame, columns.prefills, steps, shares);
    if (width === 4) decodeContext(frame, columns.decodes, problem.pressing, clock, steps, context);
    for (let j = 0; j < steps.length; j++) {
      if (frame.busy[j] === 0) continue;
      const stepSec = beta[0] + beta[2] * frame.decodes[j] + beta[3] * context[j];
      const seconds = frame.segmentSec[j];
      const k = (seconds - beta[1] * shares.tokens[j]) / stepSec;
      steps[j] = stepSec > 0 ? Math.max(k, (LEAST_SHARE * seconds) / meanStepSec) : steps[j];
    }
  }
};
