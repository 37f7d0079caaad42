import { count, numberOption, positiveCount, positiveInteger, textOption } from '../number-option.js';
import { defineVerb } from '../verb.js';

const EXPORT_TARGETS = [
  'blis-yaml',
  'llm-d-inference-sim',
  'workload-variant-autoscaler',
  'vidur-csv',
  'json',
  'csv',
] as const;

const options = {
  betas: { ...textOption('betas', "coefficients, as 'stepclock estimate --json' writes them"), demandOption: true },
  to: { choices: EXPORT_TARGETS, requiresArg: true, demandOption: true, describe: 'whose format' },
  output: textOption('output', 'where it goes; - is standard output [-]'),
  'decode-seqs': numberOption('decode-seqs', 'operating point: requests that decode side by side', positiveCount),
  'context-tokens': numberOption('context-tokens', 'operating point: mean context of one of them, tokens', count),
  'prompt-tokens': numberOption('prompt-tokens', 'operating point: mean prompt, tokens', count),
  'output-tokens': numberOption('output-tokens', 'operating point: mean output, tokens', positiveCount),
  'max-num-seqs': numberOption('max-num-seqs', 'most requests running at once', positiveInteger),
  'kv-tokens': numberOption('kv-tokens', 'capacity of the KV cache, tokens', positiveInteger),
  'model-id': textOption('model-id', 'name of the model in the output'),
  gpu: textOption('gpu', 'name of the device in the output'),
} as const;

export const exportVerb = defineVerb({
  command: 'export',
  describe: 'write the coefficients for another tool, saying which conversion is exact and which an approximation',
  examples: [['$0 export --betas betas.json --to blis-yaml', '']],
  options: (yargs) => yargs.options(options),
  run: async (args, session) => (await import('../verbs/export.js')).runExport(args, session),
});

/** What `export` is given. */
export interface ExportArgs {
  readonly betas: string | undefined;
  readonly to: (typeof EXPORT_TARGETS)[number] | undefined;
  readonly output?: string | undefined;
  readonly decodeSeqs?: number | undefined;
  readonly contextTokens?: number | undefined;
  readonly promptTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly maxNumSeqs?: number | undefined;
  readonly kvTokens?: number | undefined;
  readonly modelId?: string | undefined;
  readonly gpu?: string | undefined;
}
