import type { EngineLimits } from './engine-options.js';
import { engineSimFault } from './engine-sim-fault.js';
import { type Simulation, simulate, type ViewOptions } from './simulate.js';
import type { Coefficients, StepSeconds } from './step-seconds.js';
import { type Arrivals, drawWorkload, type Lengths } from './workload.js';

/** Everything that a run depends on besides its seed and the number of requests. */
export interface Scenario {
  readonly engine: EngineLimits & { readonly coefficients: Coefficients };
  readonly arrivals: Arrivals;
  readonly prompt: Lengths;
  readonly output: Lengths;
  readonly view: ViewOptions;
}

const LINEAR: Coefficients = { beta0: 6e-3, beta1: 20e-6, beta2: 120e-6 };
const PROMPT = { kind: 'lognormal', mean: 600, sigma: 0.8, atLeast: 1 } as const;
const OUTPUT = { kind: 'lognormal', mean: 150, sigma: 0.7, atLeast: 2 } as const;

const poisson = (perSec: number): Arrivals => ({ kind: 'poisson', perSec });
const bursts = (perSec: number): Arrivals => ({ kind: 'gamma', perSec, shape: 1 / 8 });

const scenario = (arrivals: Arrivals, engine: Partial<Scenario['engine']>, view: ViewOptions = {}): Scenario => ({
  engine: { coefficients: LINEAR, maxNumSeqs: 256, ...engine },
  arrivals,
  prompt: PROMPT,
  output: OUTPUT,
  view,
});

const budget = (maxNumBatchedTokens: number) => ({ maxNumBatchedTokens });
const withContext = (beta3: number, stepNoise = 0) => ({
  ...budget(2048),
  coefficients: { ...LINEAR, beta3 },
  stepNoise,
});

/** Presets by name: two families of scheduler at several loads, and one scenario for each thing that makes traces hard. */
export const scenarios = {
  'chunk-64-light': scenario(poisson(8), { chunkSize: 64 }),
  'chunk-64-medium': scenario(poisson(12), { chunkSize: 64 }),
  'chunk-64-heavy': scenario(poisson(25), { chunkSize: 64 }),
  'chunk-512-light': scenario(poisson(4), { chunkSize: 512 }),
  'chunk-512-medium': scenario(poisson(12), { chunkSize: 512 }),
  'chunk-512-heavy': scenario(poisson(25), { chunkSize: 512 }),
  'budget-2048-light': scenario(poisson(4), budget(2048)),
  'budget-2048-medium': scenario(poisson(12), budget(2048)),
  'budget-2048-bursty': scenario(bursts(12), budget(2048)),
  'budget-1024-medium': scenario(poisson(12), budget(1024)),
  'budget-512-heavy': scenario(poisson(20), budget(512)),
  folded: scenario(bursts(12), budget(2048), { queueInPrefill: true }),
  noisy: scenario(poisson(12), { ...budget(2048), stepNoise: 0.05 }),
  kv: scenario(poisson(12), withContext(2e-7)),
  'kv-light': scenario(poisson(6), withContext(1e-7)),
  'kv-noisy': scenario(poisson(12), withContext(2e-7, 0.05)),
  'kv-light-noisy': scenario(poisson(6), withContext(1e-7, 0.05)),
  preempting: {
    ...scenario(poisson(12), { ...budget(2048), kvTokens: 12_000 }),
    // One request in 7,000 is cut, so that the longest fits into the cache.
    prompt: { ...PROMPT, atMost: 8_000 },
    output: { ...OUTPUT, atMost: 4_000 },
  },
} satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof scenarios;

export const scenarioNames = Object.keys(scenarios) as readonly ScenarioName[];

export interface ScenarioOptions extends ViewOptions {
  /** Default 1000. */
  readonly requests?: number;
  /** Engines, served in turn; each gets arrivals at the scenario's rate. Default 1. */
  readonly instances?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Instead of the scenario's; those left out keep the scenario's value. */
  readonly coefficients?: Partial<Coefficients>;
  /** Instead of the scenario's; those left out keep the scenario's value. */
  readonly engine?: EngineLimits;
  /** What a step costs, instead of the coefficients. */
  readonly stepSeconds?: StepSeconds;
}

/** A simulation, with the coefficients that an estimator should find, unless its steps cost `stepSeconds`. */
export interface ScenarioRun extends Simulation {
  readonly coefficients: Coefficients;
}

const faster = (arrivals: Arrivals, times: number): Arrivals =>
  arrivals.kind === 'given' ? arrivals : { ...arrivals, perSec: arrivals.perSec * times };

/**
 * Runs a scenario, a preset's name or one of your own.
 *
 * @throws Fault `engine-sim/unknown-scenario`, and what `simulate` throws
 */
export const runScenario = (which: ScenarioName | Scenario, options: ScenarioOptions = {}): ScenarioRun => {
  if (typeof which === 'string' && !Object.hasOwn(scenarios, which)) {
    throw engineSimFault('engine-sim/unknown-scenario', {
      what: 'scenario',
      rule: `must be one of ${scenarioNames.join(', ')}`,
      value: which,
    });
  }
  const { engine, arrivals, prompt, output, view }: Scenario = typeof which === 'string' ? scenarios[which] : which;
  const {
    requests = 1000,
    instances = 1,
    seed = 0,
    coefficients: changed,
    engine: limits,
    stepSeconds,
    ...ownView
  } = options;
  const { coefficients: preset, ...presetLimits } = engine;
  const coefficients = { ...preset, ...changed };
  const cost = stepSeconds === undefined ? { coefficients } : { stepSeconds };
  const workload = drawWorkload({ requests, arrivals: faster(arrivals, instances), prompt, output, instances, seed });
  const run = simulate(workload, { ...presetLimits, ...limits, ...cost }, { ...view, ...ownView, seed });
  return { ...run, coefficients };
};
