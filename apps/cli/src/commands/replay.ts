import { integer, numberOption, positiveInteger, textOption } from '../number-option.js';
import { defineVerb, jsonOption } from '../verb.js';
import { type SchedulerArgs, schedulerOptions } from './scheduler-options.js';
import { traceOptions } from './trace-options.js';

const options = {
  betas: { ...textOption('betas', "coefficients, as 'stepclock estimate --json' writes them"), demandOption: true },
  requests: { ...textOption('requests', 'the log whose arrivals and lengths are served again'), demandOption: true },
  ...traceOptions,
  'max-num-batched-tokens': numberOption(
    'max-num-batched-tokens',
    'the token budget a step [from meta.json]',
    positiveInteger,
  ),
  'max-num-seqs': numberOption(
    'max-num-seqs',
    'most requests running at once [from meta.json, else 256]',
    positiveInteger,
  ),
  'kv-tokens': numberOption(
    'kv-tokens',
    'capacity of the KV cache, tokens [from meta.json, else no limit]',
    positiveInteger,
  ),
  'chunk-size': numberOption('chunk-size', 'most prefill tokens of one request in a step [no limit]', positiveInteger),
  seed: numberOption('seed', 'seed of the step noise [0]', integer),
  ...schedulerOptions,
  ...jsonOption,
  report: textOption('report', 'write one self-contained HTML report to this path'),
  figures: textOption('figures', "write the report's figures as SVG and PNG into this folder"),
} as const;

export const replay = defineVerb({
  command: 'replay',
  describe: "serve a log's requests again with fitted coefficients and compare TTFT, TPOT and latency",
  examples: [
    ['$0 replay --betas betas.json --requests requests.jsonl', 'the settings come from meta.json beside the log'],
    ['$0 replay --betas betas.json --requests log.jsonl --max-num-batched-tokens 2048 --kv-tokens 41408 --json', ''],
  ],
  options: (yargs) => yargs.options(options),
  run: async (args, session) => (await import('../verbs/replay.js')).runReplay(args, session),
});

/** What `replay` is given. */
export interface ReplayArgs extends SchedulerArgs {
  readonly betas: string | undefined;
  readonly requests: string | undefined;
  readonly format?: string | undefined;
  readonly meta?: string | undefined;
  readonly map?: string | undefined;
  readonly timeUnit?: 's' | 'ms' | 'us' | 'ns' | undefined;
  readonly maxNumBatchedTokens?: number | undefined;
  readonly maxNumSeqs?: number | undefined;
  readonly kvTokens?: number | undefined;
  readonly chunkSize?: number | undefined;
  readonly seed?: number | undefined;
  readonly json?: string | undefined;
  readonly report?: string | undefined;
  readonly figures?: string | undefined;
}
