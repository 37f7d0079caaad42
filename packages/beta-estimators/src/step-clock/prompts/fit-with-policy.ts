import type { PhaseTable } from '@stepclock/trace-io';
import type { EstimateWarning } from '../../estimate.js';
import type { ResolvedStepClockOptions } from '../fit/step-clock-options.js';
import type { WindowVisitors } from '../fit/trace-fit.js';
import { type BudgetFit, fitWithBudget } from './fit-with-budget.js';
import { type SharedSteps, SharedStepsTally } from './shared-steps.js';

/** A fit, and what a step of its engine holds. */
export interface PolicyFit extends BudgetFit {
  readonly policy: 'mixed' | 'prefill-first';
  readonly sharedSteps: SharedSteps;
}

/** Below this part of what is expected none is shared but by accident. */
const NONE = 0.1;
/** So many expected and none seen is no chance: exp(-6) = 0.0025. Of fewer than three nothing is told: outputs that are all alike end together. */
const ENOUGH = 6;
const LEAST = 3;
/** What a clock of prefill first may leave over the other's residual: both fit where a fixed cost of prefill is as large as a step. */
const NO_WORSE = 1.05;
/** And where fewer than enough are expected. */
const CLEARLY_BETTER = 0.8;

/**
 * Fits a trace, of an engine that prefills beside decodes or of one that prefills first. Under the second decodes wait for steps that they do not count,
 * which looks like a fixed cost of prefill, or like tokens that the log lacks.
 */
export const fitWithPolicy = (
  phases: PhaseTable,
  options: ResolvedStepClockOptions,
  onProgress?: (share: number) => void,
  visitors: WindowVisitors = () => () => {},
): PolicyFit => {
  const tally = new SharedStepsTally();
  const both: WindowVisitors = () => {
    const [visit, count] = [visitors(), tally.visitors()];
    return (window) => {
      visit(window);
      count(window);
    };
  };
  const fitAs = (policy: PolicyFit['policy']): PolicyFit => {
    const fit = fitWithBudget(phases, { ...options, policy }, onProgress, both);
    return { ...fit, policy, sharedSteps: tally.report };
  };
  const { policy } = options;
  if (policy !== 'auto') return fitAs(policy);
  const mixed = fitAs('mixed');
  const { seen, expected } = mixed.sharedSteps;
  if (seen > NONE * expected || expected < LEAST) return mixed;
  const first = fitAs('prefill-first');
  // The last fit is the one that visitors keep.
  return first.countedRms < (expected >= ENOUGH ? NO_WORSE : CLEARLY_BETTER) * mixed.countedRms
    ? first
    : fitAs('mixed');
};

/** What was found, where nobody told. */
export const policyWarnings = (
  asked: ResolvedStepClockOptions['policy'],
  policy: PolicyFit['policy'],
  { seen, expected }: SharedSteps,
): EstimateWarning[] =>
  asked === 'auto' && policy === 'prefill-first'
    ? [
        {
          code: 'prefill-first',
          message: `decodes wait while prompts are computed: ${seen} first tokens came out of a step that ended another request, ${Math.round(expected)} were expected of an engine that prefills beside decodes. Steps that hold prefill were counted by themselves. --policy mixed refuses this`,
        },
      ]
    : [];
