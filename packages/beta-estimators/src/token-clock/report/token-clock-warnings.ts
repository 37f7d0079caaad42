import type { EstimateWarning } from '../../estimate.js';
import type { TokenClockReport } from './token-clock-report.js';

/** Stalls of a smaller part of the time are left unsaid. */
const WORTH_NAMING = 0.001;
/** Prompts that may cost nothing, by the coefficient less than this part of a step and at most that much, leave no trace; fewer prompts tell nothing; a first token after so many steps took its time. */
const NO_TRACE = 0.1;
const AT_MOST = 0.5;
const ENOUGH_PROMPTS = 20;
/** Shorter ones cost a large GPU next to nothing beside its decodes. */
const LONG_PROMPT = 256;
const ELSEWHERE_STEPS = 5;
/** Steps with prompts scatter clearly from this ratio and part of a prompt on, on an engine whose other rows are this quiet. */
const SCATTERED = 2;
const SCATTERED_PART = 0.02;
const QUIET = 0.05;

const ms = (sec: number): string => `${(1000 * sec).toFixed(1)} ms`;

/** What whoever uses the coefficients should know. */
export function tokenClockWarnings(clock: TokenClockReport): readonly EstimateWarning[] {
  const warnings: EstimateWarning[] = [];
  if (clock.engines > 1) {
    warnings.push({
      code: 'several-instances',
      message: `the sequences fall into ${clock.engines} groups that line up within and not across: several engines behind one client${clock.starts === 'rebuilt' ? ', or one whose requests the rebuilt starts put apart' : ''}`,
    });
  }
  if (clock.starts === 'rebuilt') {
    const off =
      clock.startResidualP50Sec === null
        ? ''
        : ` (requests lie ${ms(clock.startResidualP50Sec)} from the steps of those before them, in the median)`;
    warnings.push({
      code: 'starts-rebuilt',
      message: `the file has no start times: they were rebuilt from how the sequences of tokens fall on each other${off}`,
    });
  }
  if (clock.stalledShare > WORTH_NAMING) {
    warnings.push({
      code: 'stalls',
      message: `${clock.stalls === 1 ? 'one row' : `${clock.stalls} rows`} took far longer than their steps cost, ${clock.stalledSec.toFixed(2)} s in all (${(100 * clock.stalledShare).toFixed(1)} % of the time): the model leaves them out`,
    });
  }
  if (clock.preemptions > 0) {
    warnings.push({
      code: 'preemption',
      message: `${clock.preemptions} times a request sat out while others moved: it was preempted, and its tokens so far were computed anew`,
    });
  }
  if (clock.shiftedTokens !== 0) {
    const tokens = Math.abs(clock.shiftedTokens);
    warnings.push({
      code: 'prompt-offset',
      message:
        clock.shiftedTokens < 0
          ? `the engine computes ${tokens} tokens fewer of each prompt than the log counts (a cached system prompt, or other cache hits): they were taken for cached`
          : `the engine computes ${tokens} tokens more for each prompt than the log counts (a template, or a fixed cost of a prompt): they were added`,
    });
  }
  if (clock.onlySums.length > 0) {
    warnings.push({
      code: 'only-sums',
      message: `the batches are too much alike to tell ${clock.onlySums.join(', ')} apart: only their sums in the steps seen are determined`,
    });
  }
  const { promptCostRangeSec: range, promptScatterRatio: ratio, promptScatterTokens: scatter } = clock;
  if (
    range !== null &&
    range[0] === 0 &&
    range[1] < AT_MOST * clock.meanStepSec &&
    clock.promptCostSec !== null &&
    clock.promptCostSec < NO_TRACE * clock.meanStepSec &&
    clock.requests >= ENOUGH_PROMPTS &&
    clock.meanPromptTokens > LONG_PROMPT
  ) {
    const elsewhere = clock.firstTokenSteps >= ELSEWHERE_STEPS;
    warnings.push({
      code: 'prompts-without-trace',
      message: `prompts leave no trace in the steps (a mean prompt adds ${ms(range[1])} at most): they are computed elsewhere or found in a cache${
        elsewhere ? `; a first token after ${clock.firstTokenSteps.toFixed(0)} steps speaks for elsewhere` : ''
      }`,
    });
  } else if (
    ratio !== null &&
    scatter !== null &&
    ratio > SCATTERED &&
    scatter > SCATTERED_PART * clock.meanPromptTokens &&
    clock.rowResidual < QUIET
  ) {
    warnings.push({
      code: 'prompt-scatter',
      message: `steps with prompts scatter ${ratio.toFixed(1)} times as much as others, by ${scatter.toFixed(0)} tokens a prompt: the server counts other prompts than the log, or a prompt's cost is not in proportion to its tokens. beta1 is per token as this log counts them`,
    });
  }
  return warnings;
}
