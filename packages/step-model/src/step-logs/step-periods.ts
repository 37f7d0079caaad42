import type { StepColumns } from '../step-columns.js';
import { followsOn, takenSteps } from '../step-columns.js';

/** A longer gap before a step is a rest of the engine, s. */
const REST_SEC = 0.02;

/**
 * A step log with the period of each step, from the end of the step before to its own, for its duration: what a step costs its requests, the
 * engine's work between two steps included. The first step, and those after a rest of the engine, are left out.
 *
 * @param endSec when each step ended, in the order of the steps
 * @param isWaiting whether durations are of waiting for steps, so that they do not tell a rest: then decodes that go on tell that there was none
 */
export const stepPeriods = (steps: StepColumns, endSec: Float64Array, isWaiting = false): StepColumns => {
  const period = (k: number): number => endSec[k] - endSec[k - 1];
  const wentOn = (k: number): boolean =>
    period(k) - steps.durationSec[k] < REST_SEC ||
    (isWaiting && steps.decodeTokens[k] > 0 && steps.prefillTokens[k - 1] + steps.decodeTokens[k - 1] > 0);
  const busy = Uint32Array.from({ length: steps.length }, (_, k) => k).filter(
    (k) => k > 0 && period(k) > 0 && followsOn(steps, k) && wentOn(k),
  );
  return { ...takenSteps(steps, busy), durationSec: Float64Array.from(busy, period) };
};
