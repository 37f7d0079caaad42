import { type Term, termsNamed } from '@stepclock/step-cost';

/** The cost that the published estimators fit: steps, prefill tokens, decode tokens. */
export const PUBLISHED_TERMS: readonly Term[] = termsNamed(['step', 'prefill_tokens', 'decode_seqs']);
