import { count, numberOption, textOption } from '../number-option.js';
import { defineVerb, jsonOption } from '../verb.js';

const options = {
  betas: { ...textOption('betas', "coefficients, as 'stepclock estimate --json' writes them"), demandOption: true },
  'prefill-tokens': numberOption('prefill-tokens', 'prefill tokens of the step [0]', count),
  'decode-seqs': numberOption('decode-seqs', 'requests that decode in the step [0]', count),
  'context-tokens': numberOption('context-tokens', 'tokens of KV cache that the decodes read, all together [0]', count),
  ...jsonOption,
} as const;

export const predict = defineVerb({
  command: 'predict',
  describe: 'the duration of one step, with its interval',
  examples: [['$0 predict --betas betas.json --prefill-tokens 512 --decode-seqs 32 --context-tokens 20000', '']],
  options: (yargs) => yargs.options(options),
  run: async (args, session) => (await import('../verbs/predict.js')).runPredict(args, session),
});

/** What `predict` is given. */
export interface PredictArgs {
  readonly betas: string | undefined;
  readonly prefillTokens?: number | undefined;
  readonly decodeSeqs?: number | undefined;
  readonly contextTokens?: number | undefined;
  readonly json?: string | undefined;
}
