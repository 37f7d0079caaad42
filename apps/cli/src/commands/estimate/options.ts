import { STEP_CLOCK_MODELS } from '@stepclock/beta-estimators';
import { hardwareOptions } from '../../options/hardware-options.js';
import { count, fraction, integer, positive, positiveInteger, properFraction } from '../../options/number-rules.js';
import { type ArgsOf, alias, choice, flag, jsonOption, number, type Option, text } from '../../options/option.js';
import { reportOptions } from '../../options/picture-options.js';
import { traceOptions } from '../../options/trace-options.js';

const ALGORITHMS = ['step-clock', 'iterative', 'baseline'] as const;

/** What an estimate rests on. */
const EVIDENCE = ['auto', 'tokens', 'phases'] as const;

/** The name of an estimator. */
export type Algorithm = (typeof ALGORITHMS)[number];

/** A fraction, or a half where none is given. */
const holdout = (describe: string): Option<number | undefined> => {
  const fractionOfTime = number(describe, properFraction);
  return {
    yargs: { type: 'string', describe },
    parse: (value, flag) => (value === '' ? 0.5 : fractionOfTime.parse(value, flag)),
  };
};

/** Options of `stepclock estimate`: which of them apply depends on the algorithm. */
export const estimateOptions = {
  csv: text('the trace, as an option instead of a positional one', 'trace'),
  ...traceOptions,
  algo: choice(ALGORITHMS, 'the estimator [step-clock; with --chunk-size alone baseline]'),
  evidence: choice(
    EVIDENCE,
    'what of the trace is read: the time of every token, the phases of requests, or the best that is there [auto]',
  ),
  model: choice(
    STEP_CLOCK_MODELS,
    'step-clock: three coefficients (linear), four (kv), or four wherever the trace tells the context [auto]',
  ),
  terms: text('step-clock: terms of the cost, by name, apart by commas: step,prefill_tokens,prefill_step,... [auto]'),
  'max-num-batched-tokens': number('step-clock: the token budget a step [from meta.json]', positiveInteger),
  'prompt-offset': number(
    'step-clock: tokens that the engine computes of every prompt beyond those that the trace counts, negative: fewer; 0 refuses a correction [as the trace tells, where it does so clearly]',
    integer,
  ),
  policy: choice(
    ['mixed', 'prefill-first'],
    'step-clock: what a step holds: prefill beside decodes (vLLM), or prefill alone and first (vLLM V0, SGLang) [as the trace tells]',
  ),
  ci: number('step-clock: level of the confidence intervals [0.95]', properFraction),
  holdout: holdout(
    'step-clock: fit on this first fraction of the time span, test on the rest: decodes, and a replay of both parts with the fits of both; 0.5 where no fraction is given',
  ),
  window: text('step-clock: fit on a part, START:END in seconds after the first event'),
  'chunk-size': number('baseline, iterative: prefill tokens per step and request [from meta.json]', positiveInteger),
  'correction-mode': choice(
    ['end', 'uniform', 'none', 'beta_informed'],
    "baseline [end], iterative [beta_informed]: where a last chunk's missing tokens go",
  ),
  'init-correction-mode': alias(
    'init-via-baseline-correction',
    choice(['end', 'uniform', 'none'], 'iterative: correction of the baseline that it starts from [end]'),
  ),
  'max-outer-iters': number('iterative, step-clock: rounds at most [25]', positiveInteger),
  tol: number(
    'iterative, step-clock: stop when the coefficients move less than this; given, step-clock counts as converged only then [1e-6]',
    positive,
  ),
  'damping-eta': number('iterative: step length in (0, 1] [1]', fraction),
  'min-duration-sec': number('baseline, iterative: clamp durations from below [0]', count),
  refine: flag(
    'step-clock: where requests were preempted, refine the coefficients by replays of the log; --no-refine leaves them as fitted [true]',
  ),
  'one-engine': flag('several files: they are one log of one engine [where they follow each other in time]'),
  'engine-per-file': flag('several files: each is an engine of its own [where they overlap]'),
  workers: number('threads that read several large files; the result is the same [one a core]', positiveInteger),
  ...hardwareOptions,
  strict: flag('exit with 3 when the estimator did not converge'),
  ...jsonOption,
  ...reportOptions,
  'list-windows': flag('step-clock: list the windows that the trace was cut into, each with its own coefficients'),
  plot: flag('draw the pressure over time and the residuals in the terminal'),
};

/** What those options give. */
export type EstimateArgs = Partial<ArgsOf<typeof estimateOptions>>;
