import type { Entry, Noun } from '../options/verb.js';

const stepTime: Noun = {
  command: 'step-time',
  describe: 'the batch-size x sequence-length model of a decode step: fit, predict, evaluate',
  verbs: [
    {
      command: 'fit',
      describe: 'fit step_ms = a*batch*seq + b*batch + c*seq + d, with errors, influence and four figures',
      load: () => import('./step-time/fit.js'),
    },
    {
      command: 'predict',
      describe: 'the duration of one step, with its prediction interval',
      load: () => import('./step-time/predict.js'),
    },
    {
      command: 'evaluate',
      describe: 'how a fitted model does on other steps',
      load: () => import('./step-time/evaluate.js'),
    },
  ],
};

const token2metrics: Noun = {
  command: 'token2metrics',
  describe: 'latency, energy and power of a device from token counts: train, predict, evaluate, calibrate',
  verbs: [
    {
      command: 'train',
      describe: 'train latency, energy and power of one model, or of all that the data has',
      load: () => import('./token2metrics/train.js'),
    },
    {
      command: 'predict',
      describe: 'latency, energy and power of a request, or of every row of a file',
      load: () => import('./token2metrics/predict.js'),
    },
    {
      command: 'evaluate',
      describe: "a model's held-out errors, or its errors on other measurements",
      load: () => import('./token2metrics/evaluate.js'),
    },
    {
      command: 'calibrate',
      describe: 'carry a model of one device (a server) to another with a few samples',
      load: () => import('./token2metrics/calibrate.js'),
    },
  ],
};

const stage: Noun = {
  command: 'stage',
  describe: 'latency of multimodal models by stage: train, carry to another GPU, guard a budget',
  verbs: [
    {
      command: 'train',
      describe: 'latency of each stage from the knobs, the form of each chosen by cross-validation',
      load: () => import('./stage/train.js'),
    },
    {
      command: 'predict',
      describe: 'time of every stage and of the whole request',
      load: () => import('./stage/predict.js'),
    },
    {
      command: 'recalibrate',
      describe: 'carry a model to another GPU with a few samples, with what the guardrail needs',
      load: () => import('./stage/recalibrate.js'),
    },
    {
      command: 'evaluate',
      describe: 'how a model does on measurements, by stage and in total',
      load: () => import('./stage/evaluate.js'),
    },
    {
      command: 'filter',
      describe: 'accept, reject or measure: configurations against a latency budget',
      load: () => import('./stage/filter.js'),
    },
    {
      command: 'experiment',
      describe: 'the whole transfer and guardrail experiment over seeds, with its files and figures',
      load: () => import('./stage/experiment.js'),
    },
    {
      command: 'plan',
      describe: 'which configurations to measure, as CSV',
      load: () => import('./stage/plan.js'),
    },
    {
      command: 'synthetic',
      describe: 'measurements of two made GPUs, to try the others on',
      load: () => import('./stage/synthetic.js'),
    },
  ],
};

/** Every verb and noun, in the order of the help: its words, and the module with its options and what it does. */
export const commands: readonly (Entry | Noun)[] = [
  {
    command: 'doctor <files..>',
    describe: 'what a file is, what can be answered from it by which command, and what would answer more: start here',
    load: () => import('./doctor/doctor.js'),
  },
  {
    command: 'estimate [traces..]',
    describe: 'estimate seconds per step, per prefill token, per decode token from a trace',
    load: () => import('./estimate/estimate.js'),
  },
  {
    command: 'inspect <trace>',
    describe: 'what a file is, what it holds, what is left out and why, and what an estimate could tell from it',
    load: () => import('./trace/inspect.js'),
  },
  {
    command: 'open [logs..]',
    describe:
      'the page: verdict, timeline of steps and requests, replay and what if, in the browser, on this machine alone',
    load: () => import('./page/open.js'),
  },
  {
    command: 'replay',
    describe: "serve a log's requests again with fitted coefficients and compare TTFT, TPOT and latency",
    load: () => import('./model/replay.js'),
  },
  {
    command: 'capacity [model]',
    describe: 'the highest rate at which an engine keeps an SLO, and how many replicas a load needs',
    load: () => import('./model/capacity.js'),
  },
  {
    command: 'tune [models..]',
    describe:
      'the settings with which an engine, or some GPUs, take most of a load within an SLO, as flags of vLLM and SGLang',
    load: () => import('./model/tune.js'),
  },
  {
    command: 'what-if [model]',
    describe: 'what a change would do to a log: its rate, its lengths, a prefix cache, limits, another engine',
    load: () => import('./model/what-if.js'),
  },
  {
    command: 'compare <a> <b>',
    describe: 'what got slower between two models or logs, with intervals, and what of it is the load',
    load: () => import('./model/compare.js'),
  },
  {
    command: 'map [input]',
    describe: "one line an engine from grouped rows of many engines' requests, as distributed engines run it",
    load: () => import('./fleet/map.js'),
  },
  {
    command: 'fleet [files..]',
    describe: 'one line an engine, as map, from files of many engines (Parquet, CSV, JSON lines), on DuckDB',
    load: () => import('./fleet/fleet.js'),
  },
  {
    command: 'merge [files..]',
    describe: 'the fleet from the lines of its engines: pooled coefficients, and the engines that stand out',
    load: () => import('./fleet/merge.js'),
  },
  {
    command: 'sql',
    describe: 'the statement that runs map over a table of requests, or the query that sums a table of steps, in SQL',
    load: () => import('./fleet/sql.js'),
  },
  {
    command: 'predict',
    describe: 'the duration of one step, with its interval',
    load: () => import('./model/predict.js'),
  },
  {
    command: 'simulate',
    describe: 'run an engine with known coefficients and write its log',
    load: () => import('./trace/simulate.js'),
  },
  {
    command: 'steps <log>',
    describe:
      "fit the coefficients to an engine's own step log (vLLM's iteration lines, or a CSV of steps): the ground truth",
    load: () => import('./trace/steps.js'),
  },
  stepTime,
  token2metrics,
  stage,
  {
    command: 'convert <trace>',
    describe: 'write a trace in another format, exact to the last digit',
    load: () => import('./trace/convert.js'),
  },
  {
    command: 'export',
    describe: 'write the coefficients for another tool, saying which conversion is exact and which an approximation',
    load: () => import('./model/export.js'),
  },
  {
    command: 'example',
    describe: 'run the published estimators on their two published examples',
    load: () => import('./trace/example.js'),
  },
];
