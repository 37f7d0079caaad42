import type { Term } from '@stepclock/step-cost';
import { type ClockedSteps, type SchedulerFacts, withPrompts } from '../clocked-steps.js';
import { BUDGETS } from '../steps/prefill-policy.js';
import { tableOfRows } from './rows-of-steps.js';
import { soundEnds, stepRows } from './step-rows.js';
import { fitWithoutStalls } from './trusted-rows.js';

const ROUGH_STEPS = 4;
/** Another budget must leave so much less variance. */
const CLEARLY_LESS = 0.9;

/**
 * The steps under the token budget that fits best, among those that contradict no more prompts than the largest: where prompts do
 * not compete, only the steps without tokens that a prompt longer than the budget takes on an idle engine tell which it is.
 */
export function budgetByFit(clocked: ClockedSteps, facts: SchedulerFacts, columns: readonly Term[]): ClockedSteps {
  const { policy, contradictions } = clocked.prompts;
  if (facts.tokenBudget !== undefined || facts.chunkSize !== undefined || policy.kind !== 'budget') return clocked;
  let best = clocked;
  let least = varianceOf(clocked, columns);
  for (const tokenBudget of BUDGETS) {
    if (tokenBudget >= policy.tokens) continue;
    const other = withPrompts(clocked, clocked.table, { tokenBudget });
    const { prompts } = other;
    if (prompts.policy.kind !== 'budget' || prompts.contradictions > contradictions) break;
    if (!prompts.hiddenSteps.some((hidden) => hidden > 0)) continue;
    const variance = varianceOf(other, columns);
    if (!(variance < CLEARLY_LESS * least)) continue;
    best = other;
    least = variance;
  }
  return best;
}

function varianceOf(clocked: ClockedSteps, columns: readonly Term[]): number {
  const rows = stepRows(clocked, soundEnds(clocked), ROUGH_STEPS);
  if (rows.length <= columns.length) return Number.POSITIVE_INFINITY;
  return fitWithoutStalls(tableOfRows(clocked, rows, columns)).variance;
}
