import { listOption } from '../list-option.js';
import { notNegative, numberOption, positiveCount, properFraction, textOption, wholeNumber } from '../number-option.js';
import { defineVerb, jsonOption, type Noun } from '../verb.js';
import { type PictureArgs, pictureOptions } from './figures-option.js';

const dataOptions = {
  'data-path': {
    ...textOption('data-path', 'measured steps: CSV or JSON lines with batch_size, avg_seq_len, step_time (s)'),
    alias: 'data_path',
    demandOption: true,
  },
  filter: listOption('only rows where column=value, such as gpu=RTX4090; several must all hold'),
  'error-threshold': {
    ...numberOption('error-threshold', 'list points that are missed by more than this percentage [20]', notNegative),
    alias: 'error_threshold',
  },
} as const;

const modelOption = {
  model: { ...textOption('model', "a NAME.json that 'stepclock step-time fit' wrote"), demandOption: true },
} as const;

const fit = defineVerb({
  command: 'fit',
  describe: 'fit step_ms = a*batch*seq + b*batch + c*seq + d, with errors, influence and four figures',
  examples: [['$0 step-time fit --model-name llama-8b --data-path steps.jsonl --target decode', '']],
  options: (yargs) =>
    yargs.options({
      'model-name': {
        ...textOption('model-name', 'names the output: NAME.json'),
        alias: 'model_name',
        demandOption: true,
      },
      ...dataOptions,
      target: { choices: ['decode'] as const, default: 'decode' as const, describe: 'which steps these are' },
      features: listOption('further features by name, where the data has them: prefilling, kv_tokens'),
      output: textOption('output', 'folder of NAME.json and the figures [step-time/NAME]'),
      seed: numberOption('seed', 'of the folds, the split and the random estimators [42]', wholeNumber),
      level: numberOption('level', 'of the intervals [0.95]', properFraction),
      ...pictureOptions,
      ...jsonOption,
    }),
  run: async (args, session) => (await import('../verbs/step-time-fit.js')).runStepTimeFit(args, session),
});

const predict = defineVerb({
  command: 'predict',
  describe: 'the duration of one step, with its prediction interval',
  examples: [['$0 step-time predict --model llama-8b.json --batch-size 32 --sequence-length 1024', '']],
  options: (yargs) =>
    yargs.options({
      ...modelOption,
      'batch-size': {
        ...numberOption('batch-size', 'requests in the step', positiveCount),
        alias: 'batch_size',
        demandOption: true,
      },
      'sequence-length': {
        ...numberOption('sequence-length', 'their mean context, tokens', positiveCount),
        alias: ['sequence_length', 'avg-seq-len', 'avg_seq_len'],
        demandOption: true,
      },
      feature: listOption("the model's further features, as name=value"),
      level: numberOption('level', 'of the interval [0.95]', properFraction),
      ...jsonOption,
    }),
  run: async (args, session) => (await import('../verbs/step-time-predict.js')).runStepTimePredict(args, session),
});

const evaluate = defineVerb({
  command: 'evaluate',
  describe: 'how a fitted model does on other steps',
  examples: [['$0 step-time evaluate --model llama-8b.json --data-path later.jsonl', '']],
  options: (yargs) => yargs.options({ ...modelOption, ...dataOptions, ...jsonOption }),
  run: async (args, session) => (await import('../verbs/step-time-evaluate.js')).runStepTimeEvaluate(args, session),
});

/** `stepclock step-time`. */
export const stepTime: Noun = {
  command: 'step-time',
  describe: 'the batch-size x sequence-length model of a decode step: fit, predict, evaluate',
  verbs: [fit, predict, evaluate],
};

/** What reading measured steps is given. */
interface StepTimeDataArgs {
  readonly dataPath: string | undefined;
  readonly filter?: readonly string[] | undefined;
  readonly errorThreshold?: number | undefined;
}

/** What `step-time fit` is given. */
export interface StepTimeFitArgs extends StepTimeDataArgs, PictureArgs {
  readonly modelName: string | undefined;
  readonly target: 'decode';
  readonly features?: readonly string[] | undefined;
  readonly output?: string | undefined;
  readonly seed?: number | undefined;
  readonly level?: number | undefined;
  readonly json?: string | undefined;
}

/** What `step-time predict` is given. */
export interface StepTimePredictArgs {
  readonly model: string | undefined;
  readonly batchSize: number | undefined;
  readonly sequenceLength: number | undefined;
  readonly feature?: readonly string[] | undefined;
  readonly level?: number | undefined;
  readonly json?: string | undefined;
}

/** What `step-time evaluate` is given. */
export interface StepTimeEvaluateArgs extends StepTimeDataArgs {
  readonly model: string | undefined;
  readonly json?: string | undefined;
}
