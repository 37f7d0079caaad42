import { shareText, type Warning } from '@stepclock/faults';
import { CATALOGUE, type Term } from '@stepclock/step-cost';
import type { BetasFile } from '../model-file/betas-schema.js';
import { checkedTerms } from '../model-file/consistency.js';
import type { StepQuantity } from '../prediction/composition-range.js';
import type { Replay } from './replay.js';
import { unseenSteps } from './unseen-steps.js';

/** A smaller share of the replayed time beyond what a fit has seen is not worth a word. */
const WORTH_A_WORD = 0.01;
/** Every log has some steps at its ends that are smaller than those of its middle. */
const BELOW_WORTH_A_WORD = 0.1;

const WORDS: Readonly<Record<StepQuantity, string>> = {
  prefillTokens: 'prefill tokens',
  decodeSeqs: 'decodes',
  contextTokens: 'tokens of context',
  prefillRequests: 'prompts',
  prefillContext: 'in positions of prefill tokens',
};

/**
 * What a reader of a replay must know of its model: the warnings of its own file, and the share of the replayed time in steps of which the fit
 * has seen none so large, or none so small. There the model is extrapolated.
 *
 * @throws Fault `step-model/bad-betas-file`
 */
export const replayWarnings = (
  model: BetasFile,
  { simulation: { steps } }: Pick<Replay, 'simulation'>,
  catalogue: readonly Term[] = CATALOGUE,
): readonly Warning[] => {
  const beyond = unseenSteps(model, checkedTerms(model, catalogue), steps).flatMap(
    ({ quantity, seen, replayed, shareBelow, shareAbove }) => {
      const told = (share: number, where: string, end: 0 | 1): Warning => ({
        code: 'extrapolation',
        message: `${shareText(share)} of the replayed time are steps ${where} the ${+seen[end].toPrecision(6)} ${WORDS[quantity]} that the fit has seen at ${end === 0 ? 'least (smallest' : 'most (largest'} replayed: ${replayed[end]})`,
      });
      return [
        ...(shareAbove > WORTH_A_WORD ? [told(shareAbove, 'beyond', 1)] : []),
        ...(shareBelow > BELOW_WORTH_A_WORD ? [told(shareBelow, 'below', 0)] : []),
      ];
    },
  );
  const own = (model.warnings ?? []).map(({ code, message }) => ({ code, message: `of the model: ${message}` }));
  return [...own, ...beyond];
};
