import type { TransferInput } from '../recalibration/samples.js';
import type { StageWarning } from '../stage-fault.js';
import { stageFault } from '../stage-fault.js';
import type { Bounder } from './bounds.js';

/** `accept`: below the budget by the bound. `reject`: above it by the bound. `uncertain`: measure it. */
export type Answer = 'accept' | 'reject' | 'uncertain';

export interface BudgetFilter {
  readonly budgetMs: number;
  readonly answers: readonly Answer[];
  readonly predictedMs: Float64Array;
  readonly lowerMs: Float64Array;
  readonly upperMs: Float64Array;
  readonly counts: Readonly<Record<Answer, number>>;
  readonly guarantee: string;
  readonly warnings: readonly StageWarning[];
}

/** @throws Fault `stage/bad-option` */
export const checkBudget = (budgetMs: number): number => {
  if (budgetMs > 0 && Number.isFinite(budgetMs)) return budgetMs;
  throw stageFault('stage/bad-option', { what: 'budget', rule: 'must be a time above 0 ms', value: budgetMs });
};

/**
 * Sorts configurations by a latency budget into three answers.
 *
 * @throws Fault `stage/bad-option` for a budget that is no time above 0
 */
export const filterByBudget = (bounder: Bounder, input: TransferInput, budgetMs: number): BudgetFilter => {
  checkBudget(budgetMs);
  const { predictedMs, lowerMs, upperMs } = bounder.bounds(input);
  const answers = Array.from(
    upperMs,
    (upper, i): Answer => (upper <= budgetMs ? 'accept' : lowerMs[i] > budgetMs ? 'reject' : 'uncertain'),
  );
  const counts = { accept: 0, reject: 0, uncertain: 0 };
  for (const answer of answers) counts[answer]++;
  const warnings: StageWarning[] = [];
  if (!bounder.enough || bounder.level === null) {
    warnings.push({ code: 'no-guarantee', message: `guarantee: ${bounder.guarantee}` });
  }
  if (counts.accept > 0) {
    warnings.push({
      code: 'measure-the-winner',
      message:
        'an optimiser that picks the best of the accepted picks where the model errs in its favour: the bound does not hold for the winner; measure it again before use',
    });
  }
  return { budgetMs, answers, predictedMs, lowerMs, upperMs, counts, guarantee: bounder.guarantee, warnings };
};
