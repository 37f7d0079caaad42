import { count, numberOption, positive, positiveInteger, properFraction, textOption } from '../number-option.js';
import { defineVerb, jsonOption } from '../verb.js';
import { traceOptions } from './trace-options.js';

const ALGORITHMS = ['step-clock', 'iterative', 'baseline'] as const;

/** The name of an estimator. */
export type Algorithm = (typeof ALGORITHMS)[number];

const MODELS = ['auto', 'linear', 'kv'] as const;
const CORRECTION_MODES = ['end', 'uniform', 'none', 'beta_informed'] as const;
const INIT_CORRECTION_MODES = ['end', 'uniform', 'none'] as const;

/** Options of `stepclock estimate`, all undefined unless given: which of them apply depends on the algorithm. */
const options = {
  csv: textOption('csv', 'the trace, as an option instead of a positional one'),
  ...traceOptions,
  algo: { choices: ALGORITHMS, requiresArg: true, describe: 'the estimator [step-clock]' },
  model: {
    choices: MODELS,
    requiresArg: true,
    describe: 'step-clock: three coefficients (linear), four (kv), or whichever predicts better [auto]',
  },
  'max-num-batched-tokens': numberOption(
    'max-num-batched-tokens',
    'step-clock: the token budget a step [from meta.json]',
    positiveInteger,
  ),
  ci: numberOption('ci', 'step-clock: level of the confidence intervals [0.95]', properFraction),
  holdout: numberOption(
    'holdout',
    'step-clock: fit on this first fraction of the time span, test on the rest',
    properFraction,
  ),
  window: textOption('window', 'step-clock: fit on a part, START:END in seconds after the first event'),
  'chunk-size': numberOption(
    'chunk-size',
    'baseline, iterative: prefill tokens per step and request [from meta.json]',
    positiveInteger,
  ),
  'correction-mode': {
    choices: CORRECTION_MODES,
    requiresArg: true,
    describe: "baseline [end], iterative [beta_informed]: where a last chunk's missing tokens go",
  },
  'init-correction-mode': {
    alias: 'init-via-baseline-correction',
    choices: INIT_CORRECTION_MODES,
    requiresArg: true,
    describe: 'iterative: correction of the baseline that it starts from [end]',
  },
  'max-outer-iters': numberOption('max-outer-iters', 'iterative, step-clock: rounds at most [25]', positiveInteger),
  tol: numberOption('tol', 'iterative, step-clock: stop when the coefficients move less than this [1e-6]', positive),
  'damping-eta': numberOption('damping-eta', 'iterative: step length in (0, 1] [1]', {
    must: 'a number above 0 and at most 1',
    accepts: (x) => x > 0 && x <= 1,
  }),
  'min-duration-sec': numberOption('min-duration-sec', 'baseline, iterative: clamp durations from below [0]', count),
  workers: numberOption(
    'workers',
    'threads that read several large files; the result is the same [one a core]',
    positiveInteger,
  ),
  strict: { type: 'boolean', describe: 'exit with 3 when the estimator did not converge' },
  ...jsonOption,
  report: textOption('report', 'write one self-contained HTML report to this path'),
  figures: textOption('figures', "write the report's figures as SVG and PNG into this folder"),
  plot: { type: 'boolean', describe: 'draw the pressure over time and the residuals in the terminal' },
} as const;

export const estimate = defineVerb({
  command: 'estimate [traces..]',
  describe: 'estimate seconds per step, per prefill token, per decode token from a trace',
  examples: [
    ['$0 estimate requests.jsonl', 'an engine request log; meta.json beside it is read too'],
    ['$0 estimate phases.csv --algo iterative --chunk-size 512', 'the published estimator on a phase table'],
    ['zcat log.gz | $0 estimate - --json', 'from standard input, as JSON'],
  ],
  options: (yargs) =>
    yargs
      .positional('traces', {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'trace files or patterns such as logs/*.jsonl, each file an engine of its own; - is standard input',
      })
      .options(options),
  run: async (args, session) => (await import('../verbs/estimate.js')).runEstimate(args, session),
});

/** What `estimate` is given. */
export interface EstimateArgs {
  readonly traces: readonly string[];
  readonly csv?: string | undefined;
  readonly format?: string | undefined;
  readonly meta?: string | undefined;
  readonly map?: string | undefined;
  readonly timeUnit?: 's' | 'ms' | 'us' | 'ns' | undefined;
  readonly algo?: Algorithm | undefined;
  readonly model?: (typeof MODELS)[number] | undefined;
  readonly maxNumBatchedTokens?: number | undefined;
  readonly ci?: number | undefined;
  readonly holdout?: number | undefined;
  readonly window?: string | undefined;
  readonly chunkSize?: number | undefined;
  readonly correctionMode?: (typeof CORRECTION_MODES)[number] | undefined;
  readonly initCorrectionMode?: (typeof INIT_CORRECTION_MODES)[number] | undefined;
  readonly maxOuterIters?: number | undefined;
  readonly tol?: number | undefined;
  readonly dampingEta?: number | undefined;
  readonly minDurationSec?: number | undefined;
  readonly workers?: number | undefined;
  readonly strict?: boolean | undefined;
  readonly json?: string | undefined;
  readonly report?: string | undefined;
  readonly figures?: string | undefined;
  readonly plot?: boolean | undefined;
}
