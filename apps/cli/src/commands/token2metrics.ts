import { listOption } from '../list-option.js';
import {
  numberOption,
  positive,
  positiveInteger,
  positiveIntegerUpTo,
  properFraction,
  textOption,
  wholeNumber,
} from '../number-option.js';
import { defineVerb, jsonOption, type Noun } from '../verb.js';
import { type PictureArgs, pictureOptions } from './figures-option.js';

/** Names that the package has too; written out, so that `--help` does not load it. A test holds them against it. */
export const REGRESSION_CHOICES = [
  'auto',
  'all',
  'physics',
  'linear',
  'polynomial',
  'random-forest',
  'gradient-boosting',
] as const;

export const CALIBRATION_CHOICES = [
  'auto',
  'physics-prior',
  'physics-refit',
  'median-ratio',
  'mean-ratio',
  'affine',
  'log-ridge',
] as const;

const dataOptions = {
  data: textOption(
    'data',
    'measured requests: .xlsx (one sheet a model), CSV or JSON lines [the bundled synthetic set]',
  ),
  units: listOption('units of columns whose names do not tell, as column=unit: ttft=ms,decode_time=ms'),
  columns: listOption('which column a metric is, as metric=column: energy=gpu_energy_j'),
  config: listOption('further model configurations, JSON files'),
} as const;

const modelPath = {
  ...textOption('model-path', 'folder of trained models, or one model file [token2metrics]'),
  alias: 'model_path',
} as const;

const factOptions = {
  device: textOption('device', 'the device measured, for the model file'),
  engine: textOption('engine', 'the engine measured, for the model file'),
  'power-mode': textOption('power-mode', "the device's power mode, for the model file"),
  'power-rail': textOption('power-rail', 'what the power meter covered, for the model file'),
} as const;

const train = defineVerb({
  command: 'train',
  describe: 'train latency, energy and power of one model, or of all that the data has',
  examples: [
    ['$0 token2metrics train --all-models --output models', 'the bundled synthetic set'],
    ['$0 token2metrics train --model 1.5B --regression linear --output models --data sheet.xlsx', ''],
  ],
  options: (yargs) =>
    yargs.options({
      'all-models': { type: 'boolean', default: false, alias: 'all_models', describe: 'every model in the data' },
      model: textOption('model', 'one model: 1.5B, 8B, 14B, one of --config, or as the data calls it'),
      regression: {
        choices: REGRESSION_CHOICES,
        requiresArg: true,
        describe: 'how to predict; auto takes the smallest held-out error, all keeps every one [auto]',
      },
      output: textOption('output', 'folder of the model files and figures [token2metrics]'),
      ...dataOptions,
      'direct-total': {
        type: 'boolean',
        default: false,
        describe: 'model total latency by itself, not as prefill + decode',
      },
      'drop-outliers': {
        type: 'boolean',
        default: false,
        describe: 'leave out rows that the quality checks call outliers',
      },
      'power-samples': textOption('power-samples', 'samples of the power meter (CSV), to be checked for idle ones'),
      'power-sample-period': numberOption('power-sample-period', 'seconds between two power samples [1]', positive),
      padding: numberOption('padding', 'prompts are padded to a multiple of so many tokens [128]', positiveInteger),
      degree: numberOption('degree', 'of the polynomial, at most 10 [2]', positiveIntegerUpTo(10)),
      trees: numberOption('trees', 'of the forest and of boosting, at most 10000 [100]', positiveIntegerUpTo(10_000)),
      level: numberOption('level', 'of the intervals [0.9]', properFraction),
      seed: numberOption('seed', 'of the trees and the learning curve [0]', wholeNumber),
      ...factOptions,
      ...pictureOptions,
      ...jsonOption,
    }),
  run: async (args, session) => (await import('../verbs/token2metrics-train.js')).runToken2MetricsTrain(args, session),
});

const predict = defineVerb({
  command: 'predict',
  describe: 'latency, energy and power of a request, or of every row of a file',
  examples: [['$0 token2metrics predict --model 8B --input-tokens 100 --output-tokens 50 --model-path models', '']],
  options: (yargs) =>
    yargs.options({
      model: textOption('model', 'which model of the folder'),
      'model-path': modelPath,
      'input-tokens': {
        ...numberOption('input-tokens', 'tokens of the prompt', positiveInteger),
        alias: 'input_tokens',
      },
      'output-tokens': {
        ...numberOption('output-tokens', 'tokens of the answer', positiveInteger),
        alias: 'output_tokens',
      },
      batch: textOption('batch', 'CSV or JSON lines with input_tokens and output_tokens, one request a row'),
      output: textOption('output', 'with --batch: where the CSV of predictions goes [-]'),
      regression: {
        choices: REGRESSION_CHOICES.filter((name) => name !== 'auto' && name !== 'all'),
        requiresArg: true,
        describe: 'use this regressor of a model trained with --regression all',
      },
      'refuse-extrapolation': {
        type: 'boolean',
        default: false,
        describe: 'trees fail outside the token counts trained on, instead of falling back to physics',
      },
      ...jsonOption,
    }),
  run: async (args, session) =>
    (await import('../verbs/token2metrics-predict.js')).runToken2MetricsPredict(args, session),
});

const evaluate = defineVerb({
  command: 'evaluate',
  describe: "a model's held-out errors, or its errors on other measurements",
  examples: [['$0 token2metrics evaluate --model 14B --model-path models', '']],
  options: (yargs) =>
    yargs.options({
      model: textOption('model', 'which model of the folder'),
      'model-path': modelPath,
      ...dataOptions,
      data: textOption('data', 'measurements that the model has not seen [its own held-out errors]'),
      ...jsonOption,
    }),
  run: async (args, session) =>
    (await import('../verbs/token2metrics-evaluate.js')).runToken2MetricsEvaluate(args, session),
});

const calibrate = defineVerb({
  command: 'calibrate',
  describe: 'carry a model of one device (a server) to another with a few samples',
  examples: [
    ['$0 token2metrics calibrate --model 8B --model-path server --data orin-samples.csv --output orin', ''],
    ['$0 token2metrics calibrate --model 8B --model-path server --suggest 3', 'what to measure next'],
  ],
  options: (yargs) =>
    yargs.options({
      model: textOption('model', 'which model of the folder'),
      'model-path': modelPath,
      ...dataOptions,
      data: textOption('data', 'samples measured on the target'),
      method: {
        choices: CALIBRATION_CHOICES,
        requiresArg: true,
        describe: 'how to carry it over [auto: by leave-one-out]',
      },
      suggest: numberOption(
        'suggest',
        'name so many token counts to measure next, at most 1000',
        positiveIntegerUpTo(1000),
      ),
      'input-range': listOption('prompts that will be asked about, as low,high [the training range]'),
      'output-range': listOption('answers that will be asked about, as low,high [the training range]'),
      output: textOption('output', 'folder of the calibrated model file [token2metrics-calibrated]'),
      level: numberOption('level', 'of the intervals [0.9]', properFraction),
      ...factOptions,
      ...jsonOption,
    }),
  run: async (args, session) =>
    (await import('../verbs/token2metrics-calibrate.js')).runToken2MetricsCalibrate(args, session),
});

/** `stepclock token2metrics`. */
export const token2metrics: Noun = {
  command: 'token2metrics',
  describe: 'latency, energy and power of a device from token counts: train, predict, evaluate, calibrate',
  verbs: [train, predict, evaluate, calibrate],
};

/** What reading measurements is given. */
export interface Token2MetricsDataArgs {
  readonly data?: string | undefined;
  readonly units?: readonly string[] | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly config?: readonly string[] | undefined;
}

/** What a model's file says about where it was measured. */
export interface DeviceFactArgs {
  readonly device?: string | undefined;
  readonly engine?: string | undefined;
  readonly powerMode?: string | undefined;
  readonly powerRail?: string | undefined;
}

/** What `token2metrics train` is given. */
export interface Token2MetricsTrainArgs extends Token2MetricsDataArgs, DeviceFactArgs, PictureArgs {
  readonly allModels: boolean;
  readonly model?: string | undefined;
  readonly regression?: (typeof REGRESSION_CHOICES)[number] | undefined;
  readonly output?: string | undefined;
  readonly directTotal: boolean;
  readonly dropOutliers: boolean;
  readonly powerSamples?: string | undefined;
  readonly powerSamplePeriod?: number | undefined;
  readonly padding?: number | undefined;
  readonly degree?: number | undefined;
  readonly trees?: number | undefined;
  readonly level?: number | undefined;
  readonly seed?: number | undefined;
  readonly json?: string | undefined;
}

/** Which model file. */
export interface ModelPathArgs {
  readonly model?: string | undefined;
  readonly modelPath?: string | undefined;
}

/** What `token2metrics predict` is given. */
export interface Token2MetricsPredictArgs extends ModelPathArgs {
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly batch?: string | undefined;
  readonly output?: string | undefined;
  readonly regression?: Exclude<(typeof REGRESSION_CHOICES)[number], 'auto' | 'all'> | undefined;
  readonly refuseExtrapolation: boolean;
  readonly json?: string | undefined;
}

/** What `token2metrics evaluate` is given. */
export interface Token2MetricsEvaluateArgs extends ModelPathArgs, Token2MetricsDataArgs {
  readonly json?: string | undefined;
}

/** What `token2metrics calibrate` is given. */
export interface Token2MetricsCalibrateArgs extends ModelPathArgs, Token2MetricsDataArgs, DeviceFactArgs {
  readonly method?: (typeof CALIBRATION_CHOICES)[number] | undefined;
  readonly suggest?: number | undefined;
  readonly inputRange?: readonly string[] | undefined;
  readonly outputRange?: readonly string[] | undefined;
  readonly output?: string | undefined;
  readonly level?: number | undefined;
  readonly json?: string | undefined;
}
