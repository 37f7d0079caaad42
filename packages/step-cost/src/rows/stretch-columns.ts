import { emptyStretch, type Stretch, type StretchFact } from '../terms/stretch.js';
import type { Term } from '../terms/term.js';

/** Many stretches as columns; facts that the evidence does not tell are absent. */
export type StretchColumns = { readonly length: number; readonly steps: Float64Array } & {
  readonly [fact in StretchFact]?: Float64Array | undefined;
};

/** Reads stretches off columns, one at a time into the same object; facts that are absent stay 0. */
export const stretchReader = (columns: StretchColumns): ((i: number) => Stretch) => {
  const stretch = emptyStretch();
  const { steps, decodeSeqs, contextTokens, prefillTokens } = columns;
  const { prefillSteps, prefillRequests, prefillContext, clientStarts, firstTokens } = columns;
  // Field by field: this is read for every segment of every round.
  return (i) => {
    stretch.steps = steps[i];
    if (decodeSeqs !== undefined) stretch.decodeSeqs = decodeSeqs[i];
    if (contextTokens !== undefined) stretch.contextTokens = contextTokens[i];
    if (prefillTokens !== undefined) stretch.prefillTokens = prefillTokens[i];
    if (prefillSteps !== undefined) stretch.prefillSteps = prefillSteps[i];
    if (prefillRequests !== undefined) stretch.prefillRequests = prefillRequests[i];
    if (prefillContext !== undefined) stretch.prefillContext = prefillContext[i];
    if (clientStarts !== undefined) stretch.clientStarts = clientStarts[i];
    if (firstTokens !== undefined) stretch.firstTokens = firstTokens[i];
    return stretch;
  };
};

/** The terms whose facts the columns have. */
export const knownTerms = (terms: readonly Term[], columns: StretchColumns): readonly Term[] =>
  terms.filter(({ needs }) => needs.every((fact) => columns[fact] !== undefined));
