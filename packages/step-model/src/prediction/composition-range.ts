import { CATALOGUE, type StepComposition, type Term } from '@stepclock/step-cost';
import type { BetasFile } from '../model-file/betas-schema.js';
import { checkedTerms } from '../model-file/consistency.js';

/** What of a step's composition a fit tells the range of. */
export type StepQuantity = keyof StepComposition;

/** A part of a composition outside of what the fit has seen. */
export interface Extrapolation {
  readonly quantity: StepQuantity;
  readonly value: number;
  /** Smallest and largest that the fit has seen. */
  readonly seen: readonly [number, number];
}

/** The smallest and the largest of a quantity that a fit has seen; undefined where its file does not tell. */
export interface CompositionRange {
  readonly quantity: StepQuantity;
  readonly seen: readonly [number, number] | undefined;
}

/** All quantities with their ranges. */
export const compositionRanges = ({
  identifiability,
}: Pick<BetasFile, 'identifiability'>): readonly CompositionRange[] => {
  const seen = identifiability?.compositions;
  return [
    { quantity: 'prefillTokens', seen: seen?.prefill_tokens ?? undefined },
    { quantity: 'decodeSeqs', seen: seen?.decode_seqs ?? undefined },
    { quantity: 'contextTokens', seen: seen?.context_tokens ?? undefined },
    { quantity: 'prefillRequests', seen: seen?.prefill_requests ?? undefined },
    { quantity: 'prefillContext', seen: seen?.prefill_context ?? undefined },
  ];
};

/** Those of what the terms of a model read. */
export const rangesRead = (
  model: Pick<BetasFile, 'identifiability'>,
  terms: readonly Term[],
): readonly CompositionRange[] => {
  const read = new Set(terms.flatMap(({ needs }) => needs));
  return compositionRanges(model).filter(({ quantity }) => read.has(quantity));
};

/** What of a step's composition a model reads: the rest is without effect on it. @throws Fault `step-model/bad-betas-file` */
export const quantitiesRead = (model: BetasFile, catalogue: readonly Term[] = CATALOGUE): readonly StepQuantity[] =>
  rangesRead(model, checkedTerms(model, catalogue)).map(({ quantity }) => quantity);
