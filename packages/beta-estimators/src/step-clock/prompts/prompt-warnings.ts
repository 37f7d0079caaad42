import { shareText } from '@stepclock/faults';
import type { EstimateWarning } from '../../estimate.js';
import type { BudgetFit } from './fit-with-budget.js';
import type { PromptClouds } from './prompt-tally.js';

interface PromptEvidence extends PromptClouds {
  readonly offsetTokens: number;
  readonly isFound: boolean;
  /** What the trace tells of the engine's budget where nobody did. */
  readonly budget?: BudgetFit['budget'];
  /** beta1, s. */
  readonly perTokenSec: number;
  /** What the time of prefill varies by beyond the steps, and steps themselves, relative; tokens of a mean prompt. */
  readonly prefillNoise: number;
  readonly stepNoise: number;
  readonly meanPromptTokens: number;
}

/** Prompts scatter where the time of their tokens does by this part, and by so many tokens, while steps without prefill are quiet. */
const SCATTERED = 0.35;
const SCATTERED_TOKENS = 100;
const QUIET = 0.1;

const micro = (sec: number): string => `${(1e6 * sec).toPrecision(3)} us`;

/** What the trace says of tokens of prompts that the log does not count, or counts and the engine did not compute. */
export const promptWarnings = ({
  offsetTokens,
  isFound,
  budget,
  perTokenSec,
  prompts,
  clouds,
  prefillNoise,
  stepNoise,
  meanPromptTokens,
}: PromptEvidence): EstimateWarning[] => [
  ...(budget
    ? [
        {
          code: 'budget-from-fit',
          message: `the log tells no token budget; at ${budget.tokens} tokens a step its prompts follow each other as it shows (stretches are off by ${shareText(budget.rms)} of a step, ${shareText(budget.rmsWithout)} without a budget), and this was taken. --max-num-batched-tokens gives the engine's own`,
        },
      ]
    : []),
  ...(isFound
    ? [
        {
          code: 'prompt-offset',
          message:
            offsetTokens < 0
              ? `prompts are ${-offsetTokens} tokens shorter for the engine than in this log (a cached prefix, such as a common system prompt): they were taken for cached, and beta1 is per token really computed, ${micro(perTokenSec)}. --prompt-offset 0 refuses this`
              : `each prompt costs as much as ${offsetTokens} tokens more than this log counts (a chat template, or a fixed cost of a step that holds prefill): they were added, and beta1, ${micro(perTokenSec)} a token, is without them. --prompt-offset 0 refuses this`,
        },
      ]
    : []),
  ...(clouds === null &&
  prefillNoise > SCATTERED &&
  prefillNoise * meanPromptTokens > SCATTERED_TOKENS &&
  stepNoise < QUIET
    ? [
        {
          code: 'prompt-scatter',
          message: `the time of prompts scatters by ${shareText(prefillNoise)} around what their tokens say, while steps vary by ${shareText(stepNoise)}: some prompts were found in a prefix cache that this log does not tell of, or a prompt's cost is not in proportion to its tokens. beta1 is a mean over them`,
        },
      ]
    : []),
  ...(clouds === null
    ? []
    : [
        {
          code: 'prompts-in-two-clouds',
          message: `the tokens of ${prompts} prompts that were computed alone cost either about ${micro(clouds[0] * perTokenSec)} or about ${micro(clouds[1] * perTokenSec)}: some prompts were found in a prefix cache that this log does not tell of, and beta1 is a mean over both. The higher of the two is nearer to a token really computed, and the interval of beta1 reaches there`,
        },
      ]),
];
