import {
  type Arrivals,
  type Lengths,
  runScenario,
  type Scenario,
  type ScenarioName,
  type Simulation,
  type StepTable,
  scenarioNames,
  scenarios,
  simulate,
  tokenTimes,
  type Workload,
} from '@stepclock/engine-sim';
import { ExitCode } from '@stepclock/faults';
import { type Betas, betasOf, stepCost, stretchOfStep } from '@stepclock/step-cost';
import {
  otlpJsonlChunks,
  phasesCsvChunks,
  requestsJsonlChunks,
  STEP_LOG_FORMATS,
  stepLogPieces,
  vllmBenchChunks,
} from '@stepclock/trace-io';
import { readTraceFile } from '../../files/trace-input.js';
import { given } from '../../options/given.js';
import {
  atMost,
  between,
  fraction,
  integer,
  notNegative,
  positive,
  positiveInteger,
  positiveIntegerUpTo,
} from '../../options/number-rules.js';
import { type ArgsOf, choice, flag, jsonOption, list, number, text } from '../../options/option.js';
import { schedulerOptions } from '../../options/scheduler-options.js';
import { prefixCacheOption } from '../../options/trace-options.js';
import { defineVerb } from '../../options/verb.js';
import { inputFault, usageFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';
import { grouped, significant } from '../../text/quantity.js';
import { isPrefillFirst } from '../model/limits.js';
import { TRACE_TARGETS, type TraceTarget } from './convert.js';
import { writeSettingsBeside } from './simulated-settings.js';
import { termValues } from './term-values.js';

const DEFAULT_SCENARIO = 'budget-2048-medium';

const seconds = atMost(1e6, notNegative);
const meanTokens = atMost(1e7, positive);
const logSpread = atMost(5, notNegative);

const options = {
  scenario: text(`start from a preset; --scenario list names them [${DEFAULT_SCENARIO}]`),
  requests: number('how many requests, at most 1e7, and 1e10 tokens all together [1000]', positiveIntegerUpTo(1e7)),
  instances: number('independent engines, served in turn, at most 1e6 [1]', positiveIntegerUpTo(1e6)),
  seed: number('seed of arrivals, lengths and noise [0]', integer),
  workload: text('arrivals and lengths from this file (a log or a workload) instead of drawn ones', 'trace'),
  format: text('name of the format of --workload instead of recognising it from the content [auto]'),
  ...prefixCacheOption,
  rate: number('arrivals per second, 1e-6 to 1e9', between(1e-6, 1e9)),
  'burst-shape': number(
    'gamma shape of the gaps between arrivals; 1 is Poisson, 0.125 bursty; 0.001 to 1e6',
    between(0.001, 1e6),
  ),
  'prompt-mean': number('mean prompt, tokens (lognormal), at most 1e7', meanTokens),
  'prompt-sigma': number('standard deviation of log(prompt), at most 5', logSpread),
  'output-mean': number('mean output, tokens (lognormal), at most 1e7', meanTokens),
  'output-sigma': number('standard deviation of log(output), at most 5', logSpread),
  beta0: number('seconds per step', seconds),
  beta1: number('seconds per prefill token', seconds),
  beta2: number('seconds per decode token', seconds),
  beta3: number('seconds per token of context', seconds),
  terms: list('seconds of further terms of a step, NAME=SECONDS,...: prefill_step=0.004,decode_seqs_over_16=-1e-5'),
  noise: number("standard deviation of a step's duration, as a fraction of it, at most 5", logSpread),
  'chunk-size': number('most prefill tokens of one request in a step', positiveInteger),
  'max-num-batched-tokens': number('most tokens of a step', positiveInteger),
  'max-num-seqs': number('most requests running at once', positiveInteger),
  'kv-tokens': number('capacity of the KV cache, tokens; a full one preempts', positiveInteger),
  'fold-queue': flag("the client's view: waiting is part of the prefill phase"),
  'round-to-sec': number('round times to multiples of this many seconds', fraction),
  'client-jitter': number('vllm-bench: mean lateness of a chunk at the client, seconds [0]', seconds),
  'chunk-interval': number('vllm-bench: steps between two chunks of a request [1]', positiveInteger),
  to: choice(TRACE_TARGETS, 'format of the output [by the name of --output, else requests.jsonl]'),
  output: text(
    "where the trace goes, with its engine's settings in PATH.meta.json; - is standard output [-]",
    'stream',
  ),
  steps: text('write the true step log to this path', 'file'),
  'steps-format': choice(['csv', ...STEP_LOG_FORMATS], "as what --steps is written: CSV, or an engine's own log [csv]"),
  ...schedulerOptions,
  ...jsonOption,
};

type SimulateArgs = ArgsOf<typeof options>;

const isScenario = (name: string): name is ScenarioName => (scenarioNames as readonly string[]).includes(name);

const arrivalsOf = (args: SimulateArgs, preset: Arrivals): Arrivals => {
  if (preset.kind === 'given') return preset;
  const perSec = args.rate ?? preset.perSec;
  const shape = args.burstShape ?? (preset.kind === 'gamma' ? preset.shape : 1);
  return shape === 1 ? { kind: 'poisson', perSec } : { kind: 'gamma', perSec, shape };
};

const lengthsOf = (mean: number | undefined, sigma: number | undefined, preset: Lengths): Lengths =>
  preset.kind === 'lognormal' ? { ...preset, ...given({ mean, sigma }) } : preset;

/** The preset with what the command line changes of it. */
const scenarioOf = (args: SimulateArgs): Scenario => {
  const name = args.scenario ?? DEFAULT_SCENARIO;
  if (!isScenario(name)) throw usageFault('--scenario', `must be one of ${scenarioNames.join(', ')}`, name);
  const preset: Scenario = scenarios[name];
  const { beta0, beta1, beta2, beta3, noise, chunkSize, maxNumBatchedTokens, maxNumSeqs, kvTokens } = args;
  const { asyncScheduling, reserveFullPrompt, prefixCaching } = args;
  const prefillFirst = isPrefillFirst(args.policy);
  return {
    engine: {
      ...preset.engine,
      coefficients: { ...preset.engine.coefficients, ...given({ beta0, beta1, beta2, beta3 }) },
      ...given({ chunkSize, maxNumBatchedTokens, maxNumSeqs, kvTokens, stepNoise: noise }),
      ...given({ asyncScheduling, reserveFullPrompt, prefixCaching, prefillFirst }),
    },
    arrivals: arrivalsOf(args, preset.arrivals),
    prompt: lengthsOf(args.promptMean, args.promptSigma, preset.prompt),
    output: lengthsOf(args.outputMean, args.outputSigma, preset.output),
    view: { ...preset.view, ...given({ queueInPrefill: args.foldQueue, roundToSec: args.roundToSec }) },
  };
};

/** The coefficients of a scenario's engine with those of `--terms`, in the catalogue's order. */
const betasWith = (args: SimulateArgs, { engine }: Scenario): Betas => {
  const own = termValues(args.terms);
  for (const label of ['beta0', 'beta1', 'beta2', 'beta3'] as const) {
    if (label in own && args[label] !== undefined) {
      throw usageFault('--terms', `cannot go with --${label}: both give ${label}`);
    }
  }
  const { terms, coefficients } = stepCost({ ...engine.coefficients, ...own });
  return betasOf(terms, coefficients);
};

/** A simulation of more would not end within a day. */
const MOST_TOKENS = 1e10;

const refuseEndless = (requests: number, { prompt, output }: Scenario): void => {
  const mean = (lengths: Lengths): number => (lengths.kind === 'lognormal' ? lengths.mean : 0);
  const tokens = requests * (mean(prompt) + mean(output));
  if (!(tokens <= MOST_TOKENS)) {
    throw usageFault(
      '--requests',
      `their prompts and outputs must have at most 1e10 tokens together; got ${significant(tokens, 3)} (${requests} requests of ${mean(prompt)} + ${mean(output)} on average)`,
    );
  }
};

const DRAWN = [
  'rate',
  'burstShape',
  'promptMean',
  'promptSigma',
  'outputMean',
  'outputSigma',
  'requests',
  'instances',
] as const;

/** Arrivals and lengths of a file, in place of drawn ones. */
const workloadOf = async (path: string, args: SimulateArgs, session: Session): Promise<Workload> => {
  for (const option of DRAWN) {
    if (args[option] !== undefined)
      throw usageFault('--workload', `gives arrivals and lengths already; leave out --${option}`);
  }
  const { trace, name } = await readTraceFile(
    path,
    given({ format: args.format, prefixCacheBlocks: args.prefixCacheBlocks }),
    session,
  );
  const { requests } = trace;
  if (requests?.arrivalSec === undefined) {
    throw inputFault(name, `must tell every request's arrival and lengths; got ${trace.facts.format} without them`);
  }
  const { length, arrivalSec, promptTokens, outputTokens, cachedTokens, instance } = requests;
  return { length, arrivalSec, promptTokens, outputTokens, ...given({ cachedTokens, instance }) };
};

const simulationOf = async (
  args: SimulateArgs,
  scenario: Scenario,
  betas: Betas,
  session: Session,
): Promise<Simulation> => {
  const { seed = 0 } = args;
  const { coefficients: _, ...limits } = scenario.engine;
  const cost = stepCost(betas);
  const stepSeconds = (step: Parameters<typeof stretchOfStep>[0]): number => cost.secondsOf(stretchOfStep(step));
  if (args.workload === undefined) {
    refuseEndless(args.requests ?? 1000, scenario);
    return runScenario(scenario, given({ requests: args.requests, instances: args.instances, seed, stepSeconds }));
  }
  const workload = await workloadOf(args.workload, args, session);
  return simulate(workload, { ...limits, stepSeconds }, { ...scenario.view, seed });
};

const formatOf = (args: SimulateArgs): TraceTarget =>
  args.to ?? (args.output?.endsWith('.csv') === true ? 'phases.csv' : 'requests.jsonl');

const tracePieces = (run: Simulation, format: TraceTarget, args: SimulateArgs): Iterable<string> => {
  switch (format) {
    case 'requests.jsonl':
      return requestsJsonlChunks(run.requests);
    case 'phases.csv':
      return phasesCsvChunks(run.phases);
    case 'otlp.jsonl':
      return otlpJsonlChunks(run.requests);
    case 'vllm-bench': {
      const { clientJitter: jitterSec, chunkInterval: interval, seed } = args;
      return vllmBenchChunks(tokenTimes(run, given({ jitterSec, interval, seed })));
    }
  }
};

/** The true step log as CSV, seconds and tokens. */
function* stepsCsv(steps: StepTable): Generator<string> {
  const columns = Object.entries(steps).filter((entry): entry is [string, ArrayLike<number>] =>
    ArrayBuffer.isView(entry[1]),
  );
  yield `${columns.map(([name]) => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)).join(',')}\n`;
  for (let i = 0; i < steps.length; i++) yield `${columns.map(([, column]) => String(column[i])).join(',')}\n`;
}

export const verb = defineVerb({
  options,
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
  run: async (args, session) => {
    if (args.scenario === 'list') {
      session.print(scenarioNames.join('\n'));
      return ExitCode.ok;
    }
    const toStdout = args.output === undefined || args.output === '-';
    if (toStdout && args.json === '-')
      throw usageFault('--json', 'standard output already takes the trace; give --output or a path');
    for (const option of ['clientJitter', 'chunkInterval'] as const) {
      if (args[option] === undefined || formatOf(args) === 'vllm-bench') continue;
      throw usageFault(option === 'clientJitter' ? '--client-jitter' : '--chunk-interval', 'is for --to vllm-bench');
    }
    if (args.stepsFormat !== undefined && args.steps === undefined) throw usageFault('--steps-format', 'needs --steps');
    const scenario = scenarioOf(args);
    const betas = betasWith(args, scenario);
    const run = await simulationOf(args, scenario, betas, session);
    await session.writeText(args.output, tracePieces(run, formatOf(args), args));
    if (args.output !== undefined && !toStdout) {
      await writeSettingsBeside(args.output, { ...scenario.engine, betas }, args.seed ?? 0, session);
    }
    if (args.steps !== undefined) {
      const { stepsFormat = 'csv' } = args;
      const pieces = stepsFormat === 'csv' ? stepsCsv(run.steps) : stepLogPieces(run.steps, stepsFormat);
      await session.writeFile(args.steps, pieces);
    }
    await session.writeJson(args.json, {
      schema: 'stepclock/simulation@1',
      coefficients: betas,
      requests: run.requests.length,
      phases: run.phases.length,
      steps: run.steps.length,
      preemptions: run.truth.preemptions.reduce((sum, n) => sum + n, 0),
      seed: args.seed ?? 0,
      stepclock_version: session.version,
    });
    session.log.info(`${grouped(run.requests.length)} requests, ${grouped(run.steps.length)} steps`);
    return ExitCode.ok;
  },
});
