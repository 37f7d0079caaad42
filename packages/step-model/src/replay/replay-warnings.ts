import { shareText, type Warning } from '@stepclock/faults';
import { CATALOGUE, type Term } from '@stepclock/step-cost';
import type { BetasFile } from '../model-file/betas-schema.js';
import { checkedTerms } from '../model-file/consistency.js';
import { rangesRead, type StepQuantity } from '../prediction/composition-range.js';
import type { Replay } from './replay.js';

/** A smaller share of the replayed time beyond what a fit has seen is not worth a word. */
const WORTH_A_WORD = 0.01;
/** A step larger than the largest by less is like it: a straight line does not change within it. */
const MARGIN = 1.05;

const WORDS: Readonly<Record<StepQuantity, string>> = {
  prefillTokens: 'prefill tokens',
  decodeSeqs: 'decodes',
  contextTokens: 'tokens of context',
  prefillRequests: 'prompts',
  prefillContext: 'in positions of prefill tokens',
};

/**
 * What a reader of a replay must know of its model: the warnings of its own file, and the share of the replayed time in steps of which the fit
 * has seen none so large. There the model is extrapolated.
 *
 * @throws Fault `step-model/bad-betas-file`
 */
export const replayWarnings = (
  model: BetasFile,
  { simulation: { steps } }: Pick<Replay, 'simulation'>,
  catalogue: readonly Term[] = CATALOGUE,
): readonly Warning[] => {
  const columns: Readonly<Record<StepQuantity, Float64Array>> = { ...steps, decodeSeqs: steps.decodeTokens };
  const all = steps.durationSec.reduce((a, b) => a + b, 0);
  const beyond = rangesRead(model, checkedTerms(model, catalogue)).flatMap(({ quantity, seen }) => {
    if (seen === undefined) return [];
    const column = columns[quantity];
    const most = column.reduce((a, b) => Math.max(a, b), 0);
    const sec = steps.durationSec.reduce((sum, sec, i) => (column[i] > MARGIN * seen[1] ? sum + sec : sum), 0);
    if (!(sec > WORTH_A_WORD * all)) return [];
    const message = `${shareText(sec / all)} of the replayed time are steps beyond the ${+seen[1].toPrecision(6)} ${WORDS[quantity]} that the fit has seen at most (largest replayed: ${most})`;
    return [{ code: 'extrapolation', message }];
  });
  const own = (model.warnings ?? []).map(({ code, message }) => ({ code, message: `of the model: ${message}` }));
  return [...own, ...beyond];
};
