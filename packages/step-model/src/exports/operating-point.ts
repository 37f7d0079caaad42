import type { BetasFile } from '../model-file/betas-schema.js';
import { compositionRanges, type StepQuantity } from '../prediction/composition-range.js';
import { stepModelFault } from '../step-model-fault.js';

/** The load at which an approximation shall hold. What is left out comes from the model's own range of compositions. */
export interface OperatingPoint {
  /** Requests that decode side by side. */
  readonly decodeSeqs?: number;
  /** Mean tokens of KV cache of one of them. */
  readonly contextTokensPerSeq?: number;
  /** Mean prompt of a request, tokens. */
  readonly promptTokens?: number;
  /** Mean output of a request, tokens. */
  readonly outputTokens?: number;
  /** Most requests running at once. */
  readonly maxNumSeqs?: number;
}

/** An operating point with what can be known of it, and where that comes from, in words. */
export interface ResolvedPoint {
  readonly decodeSeqs: number;
  readonly contextTokensPerSeq: number;
  readonly maxNumSeqs: number;
  /** Mean prompt and output, tokens; absent unless both are given: no fit tells them. */
  readonly lengths?: { readonly promptTokens: number; readonly outputTokens: number };
  readonly origin: string;
}

const DEFAULT_MAX_NUM_SEQS = 256;
const NAMES = ['decodeSeqs', 'contextTokensPerSeq', 'promptTokens', 'outputTokens', 'maxNumSeqs'] as const;

/** The middle of what the fit has seen of a quantity. */
const middleOf = (model: BetasFile, wanted: StepQuantity): number | undefined => {
  const seen = compositionRanges(model).find(({ quantity }) => quantity === wanted)?.seen;
  return seen && (seen[0] + seen[1]) / 2;
};

/** @throws Fault `step-model/bad-operating-point` */
export const resolvePoint = (model: BetasFile, point: OperatingPoint): ResolvedPoint => {
  for (const name of NAMES) {
    const value = point[name];
    const least = name === 'contextTokensPerSeq' || name === 'promptTokens' ? 0 : 1;
    if (value !== undefined && !(value >= least && value < Infinity)) {
      throw stepModelFault('step-model/bad-operating-point', {
        what: name,
        rule: `must be a number of at least ${least}`,
        value,
      });
    }
  }
  const context = middleOf(model, 'contextTokens');
  const seenSeqs = middleOf(model, 'decodeSeqs');
  const decodeSeqs = point.decodeSeqs ?? Math.max(1, Math.round(seenSeqs ?? 1));
  const contextTokensPerSeq =
    point.contextTokensPerSeq ?? (context !== undefined && seenSeqs ? Math.round(context / seenSeqs) : 0);
  const setting = model.limits?.max_num_seqs ?? model.input?.settings?.max_num_seqs ?? DEFAULT_MAX_NUM_SEQS;
  const { promptTokens, outputTokens } = point;
  const derived = (['decodeSeqs', 'contextTokensPerSeq', 'maxNumSeqs'] as const).filter(
    (name) => point[name] === undefined,
  );
  return {
    decodeSeqs,
    contextTokensPerSeq,
    maxNumSeqs: point.maxNumSeqs ?? setting,
    ...(promptTokens !== undefined && outputTokens !== undefined && { lengths: { promptTokens, outputTokens } }),
    origin:
      derived.length === 0
        ? 'as given'
        : `not given: ${derived.join(', ')}; taken from the middle of the compositions that the fit has seen, the most requests from its settings or vLLM's default`,
  };
};
