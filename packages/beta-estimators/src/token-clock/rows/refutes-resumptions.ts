import type { ClockedSteps } from '../clocked-steps.js';

/** Steps before the one with which requests come back in which their tokens may be computed, and after it: its end may be late. */
const STEPS_BEFORE = 2;
const STEPS_AFTER = 1;
/** The steps must be longer by this part of what the tokens cost at least, and by so many times at most: more is a silence. */
const LEAST = 0.5;
const MOST = 2;
/** What costs less than this part of a mean step shows in no step. */
const TELLABLE = 0.25;

/**
 * Whether no request sat out and came back, though some seemed to: around most returns the steps are no longer than without the tokens
 * that would have been computed anew. Text that was held back, or a client that stood still, looks like that too.
 *
 * @param fittedSec what each step should last, tokens computed anew included
 * @param perTokenSec what a prefill token costs
 */
export function refutesResumptions(
  { steps }: Pick<ClockedSteps, 'steps'>,
  fittedSec: Float64Array,
  perTokenSec: number,
): boolean {
  const { resumptions, endSec, engineStart, length } = steps;
  const meanSec = fittedSec.reduce((sum, sec) => sum + sec, 0) / length;
  /** By step: the tokens of all who came back with it, and the step before the first that may compute them. */
  const returns = new Map<number, { tokens: number; before: number }>();
  for (const { leftStep, step, tokens } of resumptions) {
    const { tokens: others, before } = returns.get(step) ?? { tokens: 0, before: step - STEPS_BEFORE - 1 };
    returns.set(step, { tokens: others + tokens, before: Math.max(before, leftStep) });
  }
  let told = 0;
  let confirmed = 0;
  for (const [step, { tokens, before }] of returns) {
    const anewSec = perTokenSec * tokens;
    if (anewSec < TELLABLE * meanSec) continue;
    told++;
    const last = step + STEPS_AFTER < length && engineStart[step + STEPS_AFTER] === 0 ? step + STEPS_AFTER : step;
    let shouldLast = -anewSec;
    for (let k = before + 1; k <= last; k++) shouldLast += fittedSec[k];
    const longerSec = endSec[last] - endSec[before] - shouldLast;
    if (longerSec > LEAST * anewSec && longerSec < MOST * anewSec) confirmed++;
  }
  return returns.size > 0 && 2 * confirmed <= told;
}
