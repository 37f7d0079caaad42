import { listOption } from '../list-option.js';
import {
  atMost,
  fraction,
  integer,
  notNegative,
  numberOption,
  positive,
  positiveInteger,
  positiveIntegerUpTo,
  textOption,
} from '../number-option.js';
import { defineVerb, jsonOption } from '../verb.js';
import { type SchedulerArgs, schedulerOptions } from './scheduler-options.js';

const seconds = atMost(1e6, notNegative);
const meanTokens = atMost(1e7, positive);
const logSpread = atMost(5, notNegative);

const options = {
  scenario: textOption('scenario', 'start from a preset; --scenario list names them [budget-2048-medium]'),
  requests: numberOption(
    'requests',
    'how many requests, at most 1e7, and 1e10 tokens all together [1000]',
    positiveIntegerUpTo(1e7),
  ),
  instances: numberOption(
    'instances',
    'independent engines, served in turn, at most 1e6 [1]',
    positiveIntegerUpTo(1e6),
  ),
  seed: numberOption('seed', 'seed of arrivals, lengths and noise [0]', integer),
  workload: textOption('workload', 'arrivals and lengths from this file (a log or a workload) instead of drawn ones'),
  rate: numberOption('rate', 'arrivals per second, 1e-6 to 1e9', {
    must: 'a number from 1e-6 to 1e9',
    accepts: (x) => x >= 1e-6 && x <= 1e9,
  }),
  'burst-shape': numberOption(
    'burst-shape',
    'gamma shape of the gaps between arrivals; 1 is Poisson, 0.125 bursty; 0.001 to 1e6',
    { must: 'a number from 0.001 to 1e6', accepts: (x) => x >= 1e-3 && x <= 1e6 },
  ),
  'prompt-mean': numberOption('prompt-mean', 'mean prompt, tokens (lognormal), at most 1e7', meanTokens),
  'prompt-sigma': numberOption('prompt-sigma', 'standard deviation of log(prompt), at most 5', logSpread),
  'output-mean': numberOption('output-mean', 'mean output, tokens (lognormal), at most 1e7', meanTokens),
  'output-sigma': numberOption('output-sigma', 'standard deviation of log(output), at most 5', logSpread),
  beta0: numberOption('beta0', 'seconds per step', seconds),
  beta1: numberOption('beta1', 'seconds per prefill token', seconds),
  beta2: numberOption('beta2', 'seconds per decode token', seconds),
  beta3: numberOption('beta3', 'seconds per token of context', seconds),
  terms: listOption(
    'seconds of further terms of a step, NAME=SECONDS,...: prefill_step=0.004,decode_seqs_over_16=-1e-5',
  ),
  noise: numberOption('noise', "standard deviation of a step's duration, as a fraction of it, at most 5", logSpread),
  'chunk-size': numberOption('chunk-size', 'most prefill tokens of one request in a step', positiveInteger),
  'max-num-batched-tokens': numberOption('max-num-batched-tokens', 'most tokens of a step', positiveInteger),
  'max-num-seqs': numberOption('max-num-seqs', 'most requests running at once', positiveInteger),
  'kv-tokens': numberOption('kv-tokens', 'capacity of the KV cache, tokens; a full one preempts', positiveInteger),
  'fold-queue': { type: 'boolean', describe: "the client's view: waiting is part of the prefill phase" },
  'round-to-sec': numberOption('round-to-sec', 'round times to multiples of this many seconds', fraction),
  to: {
    choices: ['requests.jsonl', 'phases.csv', 'otlp.jsonl'] as const,
    requiresArg: true,
    describe: 'format of the output [by the name of --output, else requests.jsonl]',
  },
  output: textOption(
    'output',
    "where the trace goes, with its engine's settings in PATH.meta.json; - is standard output [-]",
  ),
  steps: textOption('steps', 'write the true step log (CSV) to this path'),
  ...schedulerOptions,
  ...jsonOption,
} as const;

export const simulate = defineVerb({
  command: 'simulate',
  describe: 'run an engine with known coefficients and write its log',
  examples: [
    ['$0 simulate --scenario kv --output log.jsonl', 'a preset'],
    [
      '$0 simulate --beta0 0.008 --max-num-batched-tokens 2048 --rate 12 --to phases.csv > phases.csv',
      'an engine of your own',
    ],
    [
      '$0 simulate --workload azure.csv --scenario kv --output log.jsonl',
      'arrivals and lengths of a published workload',
    ],
  ],
  options: (yargs) => yargs.options(options),
  run: async (args, session) => (await import('../verbs/simulate.js')).runSimulate(args, session),
});

/** What `simulate` is given. */
export interface SimulateArgs extends SchedulerArgs {
  readonly scenario?: string | undefined;
  readonly requests?: number | undefined;
  readonly instances?: number | undefined;
  readonly seed?: number | undefined;
  readonly workload?: string | undefined;
  readonly rate?: number | undefined;
  readonly burstShape?: number | undefined;
  readonly promptMean?: number | undefined;
  readonly promptSigma?: number | undefined;
  readonly outputMean?: number | undefined;
  readonly outputSigma?: number | undefined;
  readonly beta0?: number | undefined;
  readonly beta1?: number | undefined;
  readonly beta2?: number | undefined;
  readonly beta3?: number | undefined;
  readonly terms?: readonly string[] | undefined;
  readonly noise?: number | undefined;
  readonly chunkSize?: number | undefined;
  readonly maxNumBatchedTokens?: number | undefined;
  readonly maxNumSeqs?: number | undefined;
  readonly kvTokens?: number | undefined;
  readonly foldQueue?: boolean | undefined;
  readonly roundToSec?: number | undefined;
  readonly to?: 'requests.jsonl' | 'phases.csv' | 'otlp.jsonl' | undefined;
  readonly output?: string | undefined;
  readonly steps?: string | undefined;
  readonly json?: string | undefined;
}
