import type { StepColumns } from '../step-columns.js';

/** A longer gap before a step is a rest of the engine, s. */
const REST_SEC = 0.02;

/**
 * A step log with the period of each step, from the end of the step before to its own, for its duration: what a step costs its requests, the
 * engine's work between two steps included. Steps after a rest of the engine, and the first, are left out.
 *
 * @param startSec when each step began, in the order of the steps
 */
export const stepPeriods = (steps: StepColumns, startSec: Float64Array): StepColumns => {
  const endOf = (k: number): number => startSec[k] + steps.durationSec[k];
  const busy = Uint32Array.from({ length: steps.length }, (_, k) => k).filter(
    (k) => k > 0 && startSec[k] - endOf(k - 1) < REST_SEC && endOf(k) > endOf(k - 1),
  );
  const taken = (column: Float64Array): Float64Array => Float64Array.from(busy, (k) => column[k]);
  const { contextTokens, prefillRequests, prefillContext } = steps;
  return {
    length: busy.length,
    durationSec: Float64Array.from(busy, (k) => endOf(k) - endOf(k - 1)),
    prefillTokens: taken(steps.prefillTokens),
    decodeTokens: taken(steps.decodeTokens),
    ...(contextTokens && { contextTokens: taken(contextTokens) }),
    ...(prefillRequests && { prefillRequests: taken(prefillRequests) }),
    ...(prefillContext && { prefillContext: taken(prefillContext) }),
  };
};
