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
  type Workload,
} from '@stepclock/engine-sim';
import { type Betas, betasOf, stepCost, stretchOfStep } from '@stepclock/step-cost';
import { otlpJsonlChunks, phasesCsvChunks, requestsJsonlChunks } from '@stepclock/trace-io';
import type { SimulateArgs } from '../commands/simulate.js';
import { InputError, UsageError } from '../errors.js';
import { ExitCode } from '../exit-code.js';
import { checkOutputs } from '../output-paths.js';
import type { Session } from '../session.js';
import { grouped, significant } from '../text/quantity.js';
import { readTraceFile } from '../trace-input.js';
import { given } from './given.js';
import { writeSettingsBeside } from './simulated-settings.js';
import { termValues } from './term-values.js';

const DEFAULT_SCENARIO = 'budget-2048-medium';

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
  if (!isScenario(name)) throw new UsageError(`--scenario: must be one of ${scenarioNames.join(', ')}; got '${name}'`);
  const preset: Scenario = scenarios[name];
  const { beta0, beta1, beta2, beta3, noise, chunkSize, maxNumBatchedTokens, maxNumSeqs, kvTokens } = args;
  const { asyncScheduling, reserveFullPrompt, prefixCaching } = args;
  return {
    engine: {
      ...preset.engine,
      coefficients: { ...preset.engine.coefficients, ...given({ beta0, beta1, beta2, beta3 }) },
      ...given({ chunkSize, maxNumBatchedTokens, maxNumSeqs, kvTokens, stepNoise: noise }),
      ...given({ asyncScheduling, reserveFullPrompt, prefixCaching }),
    },
    arrivals: arrivalsOf(args, preset.arrivals),
    prompt: lengthsOf(args.promptMean, args.promptSigma, preset.prompt),
    output: lengthsOf(args.outputMean, args.outputSigma, preset.output),
    view: { ...preset.view, ...given({ queueInPrefill: args.foldQueue, roundToSec: args.roundToSec }) },
  };
};

/** The coefficients of a scenario's engine with those of `--terms`, in the catalogue's order. */
const betasWith = (args: SimulateArgs, { engine }: Scenario): Betas => {
  const own = termValues(args.terms ?? []);
  for (const label of ['beta0', 'beta1', 'beta2', 'beta3'] as const) {
    if (label in own && args[label] !== undefined) {
      throw new UsageError(`--terms: cannot go with --${label}: both give ${label}`);
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
    throw new UsageError(
      `--requests: their prompts and outputs must have at most 1e10 tokens together; got ${significant(tokens, 3)} (${requests} requests of ${mean(prompt)} + ${mean(output)} on average)`,
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
      throw new UsageError(`--workload: gives arrivals and lengths already; leave out --${option}`);
  }
  const { trace, name } = await readTraceFile(path, {}, session);
  const { requests } = trace;
  if (requests?.arrivalSec === undefined) {
    throw new InputError(
      `${name}: must tell every request's arrival and lengths; got ${trace.facts.format} without them`,
    );
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

const formatOf = (args: SimulateArgs): NonNullable<SimulateArgs['to']> =>
  args.to ?? (args.output?.endsWith('.csv') === true ? 'phases.csv' : 'requests.jsonl');

const tracePieces = (run: Simulation, format: NonNullable<SimulateArgs['to']>): Iterable<string> => {
  switch (format) {
    case 'requests.jsonl':
      return requestsJsonlChunks(run.requests);
    case 'phases.csv':
      return phasesCsvChunks(run.phases);
    case 'otlp.jsonl':
      return otlpJsonlChunks(run.requests);
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

/** `stepclock simulate`. */
export const runSimulate = async (args: SimulateArgs, session: Session): Promise<ExitCode> => {
  if (args.scenario === 'list') {
    session.print(scenarioNames.join('\n'));
    return ExitCode.ok;
  }
  await checkOutputs(
    { streams: { output: args.output, json: args.json }, files: { steps: args.steps } },
    args.workload === undefined ? [] : [args.workload],
  );
  const toStdout = args.output === undefined || args.output === '-';
  if (toStdout && args.json === '-')
    throw new UsageError('--json: standard output already takes the trace; give --output or a path');
  const scenario = scenarioOf(args);
  const betas = betasWith(args, scenario);
  const run = await simulationOf(args, scenario, betas, session);
  await session.writeText(args.output, tracePieces(run, formatOf(args)));
  if (args.output !== undefined && !toStdout) {
    await writeSettingsBeside(args.output, { ...scenario.engine, betas }, args.seed ?? 0, session);
  }
  if (args.steps !== undefined) await session.writeFile(args.steps, stepsCsv(run.steps));
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
};
