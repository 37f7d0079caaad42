import { listOption } from '../list-option.js';
import {
  atMost,
  count,
  integer,
  notNegative,
  numberOption,
  positive,
  positiveInteger,
  positiveIntegerUpTo,
  properFraction,
  textOption,
} from '../number-option.js';
import { defineVerb, jsonOption, type Noun } from '../verb.js';
import { pictureOptions } from './figures-option.js';

/** What the columns of measurements mean. */
const columnOptions = {
  stages: listOption('columns of stage times in ms [the known ones: T_vision_encoder, T_projector, ...]'),
  features: listOption('knob columns [the known ones: vision_tokens, prompt_tokens, top_k, active_blocks, task]'),
  'per-step-stages': listOption('stages that count once a decode step [those with per_token in their name]'),
  'output-tokens': textOption('output-tokens', 'column of output tokens [output_tokens, unless it is a knob]'),
  'decode-steps': numberOption('decode-steps', 'decode steps of every request, instead of output tokens', count),
  'decode-convention': {
    choices: ['prefill-emits-first', 'decode-emits-all'] as const,
    requiresArg: true,
    describe: 'whether D output tokens take D-1 or D decode steps [prefill-emits-first]',
  },
  'drop-incomplete': { type: 'boolean', describe: 'leave rows out where a stage is 0 or missing, instead of refusing' },
} as const;

const rowFilter = listOption('only rows where column=value, such as gpu=H100; several must all hold');

const dataOptions = {
  data: {
    ...textOption('data', 'measurements: CSV, JSON lines or per-sample JSON; - is standard input'),
    demandOption: true,
  },
  filter: rowFilter,
  ...columnOptions,
} as const;

/** A table of configurations to predict, without measured times. */
const knobOptions = {
  data: textOption('data', 'a table of knobs, one row a configuration'),
  filter: rowFilter,
  'output-tokens': columnOptions['output-tokens'],
  'decode-steps': columnOptions['decode-steps'],
} as const;

const modelOption = {
  model: { ...textOption('model', "a file that 'stage train' or 'stage recalibrate' wrote"), demandOption: true },
} as const;

const seedOption = { seed: numberOption('seed', 'of everything drawn [0]', integer) } as const;

const train = defineVerb({
  command: 'train',
  describe: 'latency of each stage from the knobs, the form of each chosen by cross-validation',
  examples: [['$0 stage train --data h100.csv --filter gpu=H100 --output h100.json', '']],
  options: (yargs) =>
    yargs.options({
      ...dataOptions,
      families: listOption(
        'forms to choose from: linear, polynomial, log-polynomial, physics, gaussian-process, mlp, mlp-separate',
      ),
      folds: numberOption('folds', 'of the cross-validation, by configuration [4]', positiveInteger),
      network: {
        type: 'boolean',
        default: false,
        describe: "add a network that 'recalibrate --method fine-tuned' can train on",
      },
      output: { ...textOption('output', 'where the model goes'), demandOption: true },
      ...seedOption,
      ...jsonOption,
    }),
  run: async (args, session) => (await import('../verbs/stage-train.js')).runStageTrain(args, session),
});

const predict = defineVerb({
  command: 'predict',
  describe: 'time of every stage and of the whole request',
  examples: [
    [
      '$0 stage predict --model h100.json --set vision_tokens=576,prompt_tokens=64,active_blocks=32 --decode-steps 32',
      '',
    ],
  ],
  options: (yargs) =>
    yargs.options({
      ...modelOption,
      ...knobOptions,
      set: listOption('knobs of one configuration, as name=value'),
      ...jsonOption,
    }),
  run: async (args, session) => (await import('../verbs/stage-predict.js')).runStagePredict(args, session),
});

const recalibrate = defineVerb({
  command: 'recalibrate',
  describe: 'carry a model to another GPU with a few samples, with what the guardrail needs',
  examples: [['$0 stage recalibrate --model h100.json --data a100.csv --samples 25 --output a100.json', '']],
  options: (yargs) =>
    yargs.options({
      ...modelOption,
      ...dataOptions,
      method: textOption('method', 'auto, affine (A), global-affine (B), fine-tuned (C), affine-relative, ... [auto]'),
      samples: numberOption(
        'samples',
        'use so many configurations of the data, drawn at random [all]',
        positiveInteger,
      ),
      output: { ...textOption('output', 'where the recalibrated model goes'), demandOption: true },
      ...seedOption,
      ...jsonOption,
    }),
  run: async (args, session) => (await import('../verbs/stage-recalibrate.js')).runStageRecalibrate(args, session),
});

const evaluate = defineVerb({
  command: 'evaluate',
  describe: 'how a model does on measurements, by stage and in total',
  options: (yargs) => yargs.options({ ...modelOption, ...dataOptions, ...jsonOption }),
  run: async (args, session) => (await import('../verbs/stage-evaluate.js')).runStageEvaluate(args, session),
});

const filter = defineVerb({
  command: 'filter',
  describe: 'accept, reject or measure: configurations against a latency budget',
  examples: [['$0 stage filter --model a100.json --data candidates.csv --budget-ms 400', '']],
  options: (yargs) =>
    yargs.options({
      ...modelOption,
      ...knobOptions,
      data: { ...knobOptions.data, demandOption: true },
      'budget-ms': { ...numberOption('budget-ms', 'the budget of the whole request', positive), demandOption: true },
      rule: {
        choices: ['jackknife+', 'margin', 'selection'] as const,
        default: 'jackknife+' as const,
        describe: 'bound each total, add a fixed margin, or bound the share of violations among the accepted',
      },
      level: numberOption(
        'level',
        'of the bound; one less it bounds the violations of selection [0.9]',
        properFraction,
      ),
      margin: numberOption('margin', 'of --rule margin [1.1]', positive),
      ...jsonOption,
    }),
  run: async (args, session) => (await import('../verbs/stage-filter.js')).runStageFilter(args, session),
});

const plan = defineVerb({
  command: 'plan',
  describe: 'which configurations to measure, as CSV',
  examples: [['$0 stage plan --grid vision_tokens=64:144:576 --grid active_blocks=16:24:32 --samples 5', '']],
  options: (yargs) =>
    yargs.options({
      grid: listOption('values of a knob, as name=value:value:...; once a knob'),
      data: textOption('data', 'choose among the configurations of this file instead'),
      features: columnOptions.features,
      filter: rowFilter,
      samples: { ...numberOption('samples', 'how many', positiveInteger), demandOption: true },
      kind: {
        choices: ['random', 'stratified', 'space-filling'] as const,
        default: 'stratified' as const,
        describe: 'random is what guarantees assume; stratified covers every knob; space-filling goes to the corners',
      },
      output: textOption('output', 'where the plan goes; - is standard output [-]'),
      ...seedOption,
    }),
  run: async (args, session) => (await import('../verbs/stage-plan.js')).runStagePlan(args, session),
});

const synthetic = defineVerb({
  command: 'synthetic',
  describe: 'measurements of two made GPUs, to try the others on',
  options: (yargs) =>
    yargs.options({
      configurations: numberOption('configurations', 'how many, at most 10000 [240]', positiveIntegerUpTo(10_000)),
      repeats: numberOption('repeats', 'measurements of each on each GPU, at most 100 [3]', positiveIntegerUpTo(100)),
      noise: numberOption('noise', 'standard deviation of log(time), at most 5 [0.015]', atMost(5, notNegative)),
      stragglers: numberOption(
        'stragglers',
        'share of times hit by a straggler, at most 1 [0.005]',
        atMost(1, notNegative),
      ),
      output: textOption('output', 'where the CSV goes; - is standard output [-]'),
      ...seedOption,
    }),
  run: async (args, session) => (await import('../verbs/stage-plan.js')).runStageSynthetic(args, session),
});

const experiment = defineVerb({
  command: 'experiment',
  describe: 'the whole transfer and guardrail experiment over seeds, with its files and figures',
  examples: [
    [
      '$0 stage experiment --source runs.csv --target runs.csv --source-filter gpu=H100 --target-filter gpu=A100 --output e3',
      '',
    ],
  ],
  options: (yargs) =>
    yargs.options({
      source: { ...textOption('source', 'measurements on the source GPU'), demandOption: true },
      target: { ...textOption('target', 'measurements on the target GPU; may be the same file'), demandOption: true },
      'source-filter': listOption('rows of the source: column=value'),
      'target-filter': listOption('rows of the target: column=value'),
      ...columnOptions,
      samples: listOption('numbers of target samples [10,25,50,100]'),
      budgets: listOption('shares of the 95th percentile of true totals [0.5,0.7,0.85,1.0]'),
      seeds: numberOption('seeds', 'how many draws, at most 10000 [10]', positiveIntegerUpTo(10_000)),
      methods: listOption('recalibration methods [all]'),
      families: listOption('forms of the source model [all but the networks]'),
      'test-configurations': numberOption('test-configurations', 'held out [26 %, at most 100]', positiveInteger),
      'source-configurations': numberOption(
        'source-configurations',
        'to train the source model on [150]',
        positiveInteger,
      ),
      level: numberOption('level', 'of the conformal rules [0.9]', properFraction),
      margin: numberOption('margin', 'of the fixed rule [1.1]', positive),
      'guardrail-method': textOption('guardrail-method', 'what the guardrail predicts with [auto]'),
      networks: {
        choices: ['full', 'lean'] as const,
        default: 'full' as const,
        describe: 'work that goes into fine-tuned networks; lean takes a tenth of the time',
      },
      workers: numberOption(
        'workers',
        'threads that share the seeds; the results are the same [one a core]',
        positiveInteger,
      ),
      ...pictureOptions,
      output: { ...textOption('output', 'folder of the results'), demandOption: true },
      ...seedOption,
      ...jsonOption,
    }),
  run: async (args, session) => (await import('../verbs/stage-experiment.js')).runStageExperiment(args, session),
});

/** `stepclock stage`. */
export const stage: Noun = {
  command: 'stage',
  describe: 'latency of multimodal models by stage: train, carry to another GPU, guard a budget',
  verbs: [train, predict, recalibrate, evaluate, filter, experiment, plan, synthetic],
};

/** What reading columns is given. */
export interface StageColumnArgs {
  readonly stages?: readonly string[] | undefined;
  readonly features?: readonly string[] | undefined;
  readonly perStepStages?: readonly string[] | undefined;
  readonly outputTokens?: string | undefined;
  readonly decodeSteps?: number | undefined;
  readonly decodeConvention?: 'prefill-emits-first' | 'decode-emits-all' | undefined;
  readonly dropIncomplete?: boolean | undefined;
}

interface StageDataArgs extends StageColumnArgs {
  readonly data: string | undefined;
  readonly filter?: readonly string[] | undefined;
  readonly json?: string | undefined;
}

export interface StageTrainArgs extends StageDataArgs {
  readonly families?: readonly string[] | undefined;
  readonly folds?: number | undefined;
  readonly network: boolean;
  readonly output: string | undefined;
  readonly seed?: number | undefined;
}

export interface StagePredictArgs {
  readonly model: string | undefined;
  readonly data?: string | undefined;
  readonly set?: readonly string[] | undefined;
  readonly filter?: readonly string[] | undefined;
  readonly outputTokens?: string | undefined;
  readonly decodeSteps?: number | undefined;
  readonly json?: string | undefined;
}

export interface StageRecalibrateArgs extends StageDataArgs {
  readonly model: string | undefined;
  readonly method?: string | undefined;
  readonly samples?: number | undefined;
  readonly output: string | undefined;
  readonly seed?: number | undefined;
}

export interface StageEvaluateArgs extends StageDataArgs {
  readonly model: string | undefined;
}

export interface StageFilterArgs extends StagePredictArgs {
  readonly budgetMs: number | undefined;
  readonly rule: 'jackknife+' | 'margin' | 'selection';
  readonly level?: number | undefined;
  readonly margin?: number | undefined;
}

export interface StagePlanArgs {
  readonly grid?: readonly string[] | undefined;
  readonly data?: string | undefined;
  readonly features?: readonly string[] | undefined;
  readonly filter?: readonly string[] | undefined;
  readonly samples: number | undefined;
  readonly kind: 'random' | 'stratified' | 'space-filling';
  readonly output?: string | undefined;
  readonly seed?: number | undefined;
}

export interface StageSyntheticArgs {
  readonly configurations?: number | undefined;
  readonly repeats?: number | undefined;
  readonly noise?: number | undefined;
  readonly stragglers?: number | undefined;
  readonly output?: string | undefined;
  readonly seed?: number | undefined;
}

export interface StageExperimentArgs extends StageColumnArgs {
  readonly source: string | undefined;
  readonly target: string | undefined;
  readonly sourceFilter?: readonly string[] | undefined;
  readonly targetFilter?: readonly string[] | undefined;
  readonly samples?: readonly string[] | undefined;
  readonly budgets?: readonly string[] | undefined;
  readonly seeds?: number | undefined;
  readonly methods?: readonly string[] | undefined;
  readonly families?: readonly string[] | undefined;
  readonly testConfigurations?: number | undefined;
  readonly sourceConfigurations?: number | undefined;
  readonly level?: number | undefined;
  readonly margin?: number | undefined;
  readonly guardrailMethod?: string | undefined;
  readonly networks: 'full' | 'lean';
  readonly workers?: number | undefined;
  readonly figures?: string | false | undefined;
  readonly report?: string | undefined;
  readonly output: string | undefined;
  readonly seed?: number | undefined;
  readonly json?: string | undefined;
}
