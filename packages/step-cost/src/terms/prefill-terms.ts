import type { Term } from './term.js';

/** What prefill costs beyond its tokens. */
export const PREFILL_TERMS: readonly Term[] = [
  {
    name: 'prefill_step',
    phrase: 'per step with prefill',
    smallUnit: 'us',
    label: 'prefill_step',
    unit: 's/step',
    sentence: 'fixed cost of a step that holds prefill',
    sum: ({ prefillSteps }) => prefillSteps,
    sql: 'prefill_steps',
    needs: ['prefillSteps'],
    sign: 'free',
    // A step with prefill leaves the CUDA graphs: launches cost up to about a step of pure decode.
    priorShare: 0.5,
    role: 'open',
  },
  {
    name: 'prefill_context',
    phrase: 'per prefill token and token before it',
    smallUnit: 'ps',
    label: 'prefill_context',
    unit: 's/token^2',
    sentence: 'per prefill token and token before it: quadratic attention of long prompts',
    sum: ({ prefillContext }) => prefillContext,
    sql: 'prefill_context',
    needs: ['prefillContext'],
    sign: 'non-negative',
    priorShare: null,
    role: 'open',
  },
];

/** Columns that tell something about the log and never stay in a model. */
export const DIAGNOSTIC_TERMS: readonly Term[] = [
  {
    name: 'prefill_requests',
    phrase: 'per prompt',
    smallUnit: 'us',
    label: 'prefill_requests',
    unit: 's/request',
    sentence: 'per prompt, whatever its length: divided by beta1, the tokens of a prompt that the log does not know',
    sum: ({ prefillRequests }) => prefillRequests,
    sql: 'prefill_requests',
    needs: ['prefillRequests'],
    sign: 'free',
    priorShare: 1,
    role: 'diagnostic',
  },
  {
    name: 'client_overhead',
    phrase: 'per start seen by a client',
    smallUnit: 'us',
    label: 'client_overhead',
    unit: 's/start',
    sentence: 'what lies between a client and the engine, per start that only the client tells',
    sum: ({ clientStarts }) => clientStarts,
    needs: ['clientStarts'],
    sign: 'non-negative',
    priorShare: null,
    role: 'diagnostic',
  },
  {
    name: 'first_token_delay',
    phrase: 'per first token',
    smallUnit: 'us',
    label: 'first_token_delay',
    unit: 's/token',
    sentence: 'by how much first tokens reach a client later than the others do; negative: last ones are late',
    sum: ({ firstTokens }) => firstTokens,
    needs: ['firstTokens'],
    sign: 'free',
    priorShare: 0.1,
    role: 'diagnostic',
  },
];
