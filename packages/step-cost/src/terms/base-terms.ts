import type { Term } from './term.js';

const base = { sign: 'non-negative', priorShare: null, role: 'base' } as const;

/** The four terms that are always in: beta0 to beta3 of the field. */
export const BASE_TERMS: readonly Term[] = [
  {
    ...base,
    name: 'step',
    phrase: 'per step',
    smallUnit: 'us',
    label: 'beta0',
    unit: 's/step',
    sentence: 'fixed cost of a step',
    sum: ({ steps }) => steps,
    sql: 'steps',
    needs: [],
  },
  {
    ...base,
    name: 'prefill_tokens',
    phrase: 'per prefill token',
    smallUnit: 'us',
    label: 'beta1',
    unit: 's/token',
    sentence: 'per prefill token',
    sum: ({ prefillTokens }) => prefillTokens,
    sql: 'prefill_tokens',
    needs: ['prefillTokens'],
  },
  {
    ...base,
    name: 'decode_seqs',
    phrase: 'per decode token',
    smallUnit: 'us',
    label: 'beta2',
    unit: 's/token',
    sentence: 'per decode token: one a sequence and step',
    sum: ({ steps, decodeSeqs }) => steps * decodeSeqs,
    sql: 'steps * decode_seqs',
    needs: ['decodeSeqs'],
  },
  {
    ...base,
    name: 'context_tokens',
    phrase: 'per context token',
    smallUnit: 'ns',
    label: 'beta3',
    unit: 's/token',
    sentence: 'per token of KV cache that the decodes of a step read',
    sum: ({ steps, contextTokens }) => steps * contextTokens,
    sql: 'steps * context_tokens',
    needs: ['contextTokens'],
  },
];
