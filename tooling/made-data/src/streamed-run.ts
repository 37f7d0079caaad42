import {
  type Coefficients,
  drawWorkload,
  type EngineLimits,
  type Simulation,
  type StepSeconds,
  simulate,
  type TokenTimesOptions,
  tokenTimes,
} from '@stepclock/engine-sim';
import type { TokenTable } from '@stepclock/trace-io';

/** What a step of the engine costs unless said: s, s/token, s/token, s/token. */
export const STREAMED_COST: Coefficients = { beta0: 6e-3, beta1: 20e-6, beta2: 120e-6, beta3: 1e-7 };

/** A load, an engine and a client that logs the time of every chunk. */
export interface StreamedCase {
  /** Arrivals by chance; does not count where there are `users`. */
  readonly perSec: number;
  readonly engine?: EngineLimits;
  readonly client?: TokenTimesOptions;
  /** Requests an engine. Default 300. */
  readonly requests?: number;
  readonly engines?: number;
  /** Mean length of an output. Default 150. */
  readonly outputTokens?: number;
  /** So many users, each of whom sends the next request when the last is answered. */
  readonly users?: number;
  readonly cost?: Coefficients;
  /** Instead of a cost: what each step takes. */
  readonly stepSeconds?: StepSeconds;
}

export interface StreamedRun {
  readonly simulation: Simulation;
  readonly tokens: TokenTable;
}

/** Simulates a case: prompts and outputs lognormal, 600 and 150 tokens in the mean. */
export const streamedRun = (given: StreamedCase, seed: number): StreamedRun => {
  const {
    perSec,
    engine = {},
    client = {},
    requests = 300,
    engines = 1,
    users,
    cost = STREAMED_COST,
    outputTokens = 150,
  } = given;
  const total = requests * engines;
  const workload = drawWorkload({
    requests: total,
    arrivals:
      users === undefined ? { kind: 'poisson', perSec } : { kind: 'given', timesSec: new Float64Array(total).fill(1) },
    prompt: { kind: 'lognormal', mean: 600, sigma: 0.8, atLeast: 1, atMost: 8000 },
    output: { kind: 'lognormal', mean: outputTokens, sigma: 0.7, atLeast: 2, atMost: 3000 },
    instances: engines,
    seed,
  });
  const limits = users === undefined ? engine : { ...engine, maxNumSeqs: users };
  const timing = given.stepSeconds === undefined ? { coefficients: cost } : { stepSeconds: given.stepSeconds };
  const simulation = simulate(workload, { ...timing, ...limits }, { seed });
  const tokens = tokenTimes(simulation, { seed, ...client });
  return {
    simulation,
    tokens: users === undefined ? tokens : asUsers(tokens, users, simulation.requests.lastTokenSec),
  };
};

/** A queue for so many places is, seen from the engine, so many users: each request is sent when an answer before it ends. */
const asUsers = (tokens: TokenTable, users: number, lastTokenSec: ArrayLike<number>): TokenTable => {
  const ends = Float64Array.from(lastTokenSec).sort();
  return { ...tokens, sentSec: tokens.sentSec.map((sec, r) => (r < users ? sec : ends[r - users])) };
};
