import { medianOf } from '@stepclock/numerics';
import { fittedSeconds, type Term } from '@stepclock/step-cost';
import type { ClockedSteps } from '../clocked-steps.js';
import { policyTold, type SchedulerFacts, sharedOtherwise } from '../steps/prefill-policy.js';
import type { SharedPrompts } from '../steps/shared-prompts.js';
import { tableOfRows } from './rows-of-steps.js';
import { soundEnds, stepRows } from './step-rows.js';
import { fitWithoutStalls, holdsUnseenWork } from './trusted-rows.js';

const ROUGH_STEPS = 4;
/** Parts of a row below this are rounding. */
const ROUNDING = 1e-9;
/** Another budget must leave so much less variance, chunks of each prompt (which are rare) so much less, and typical rows no further off. */
const CLEARLY_LESS = { budget: 0.9, chunk: 0.5, unknown: 0 } as const;
const NO_FURTHER = 1.02;

/**
 * The steps under the policy that fits best among those that contradict few prompts: where prompts do not compete, only what their steps
 * take, and the steps without tokens that a long prompt takes on an idle engine, tell which it is.
 */
export function policyByFit(clocked: ClockedSteps, facts: SchedulerFacts, columns: readonly Term[]): ClockedSteps {
  // After preemptions prompts wait for room in the cache, which no budget tells.
  if (policyTold(facts) !== undefined && !holdsUnseenWork(clocked)) return clocked;
  if (clocked.prompts.policy.kind === 'unknown') return clocked;
  let best = clocked;
  let least = misfitOf(clocked, columns);
  const tried: SharedPrompts[] = [clocked.prompts];
  for (const prompts of sharedOtherwise(clocked.jobs, clocked.steps, clocked.starts, clocked.prompts)) {
    if (tried.some((other) => isSame(other, prompts))) continue;
    tried.push(prompts);
    const other = { ...clocked, prompts };
    const misfit = misfitOf(other, columns);
    const most = CLEARLY_LESS[prompts.policy.kind] * least.variance;
    if (!(misfit.variance < most && misfit.typical <= NO_FURTHER * least.typical)) continue;
    best = other;
    least = misfit;
  }
  return best;
}

/** Whether both lay the prompts over the steps alike. */
function isSame(a: SharedPrompts, b: SharedPrompts): boolean {
  return (['prefillTokens', 'hiddenSteps', 'tied'] as const).every((column) => {
    const theirs = b[column];
    return a[column].every((value, k) => value === theirs[k]);
  });
}

/** How far rows are off: the weighted variance of the fit, and the median of rows, as a part of each. */
function misfitOf(clocked: ClockedSteps, columns: readonly Term[]): { variance: number; typical: number } {
  const rows = stepRows(clocked, soundEnds(clocked), ROUGH_STEPS);
  if (rows.length <= columns.length) return { variance: Number.POSITIVE_INFINITY, typical: Number.POSITIVE_INFINITY };
  const table = tableOfRows(clocked, rows, columns);
  const { variance, coefficients } = fitWithoutStalls(table, holdsUnseenWork(clocked));
  const off = Float64Array.from({ length: table.length }, (_, i) =>
    Math.abs(table.seconds[i] / fittedSeconds(table, coefficients, i) - 1),
  );
  // What rounding leaves tells nothing.
  return { variance, typical: Math.max(medianOf(off), ROUNDING) };
}
