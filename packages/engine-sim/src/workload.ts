import { seededRandom } from '@stepclock/numerics';
import { randomExponential, randomGamma, randomLogNormal } from 'd3-random';
import { engineSimFault } from './engine-sim-fault.js';

/** Gaps between arrivals. `gamma` with a shape below 1 comes in bursts: shape 1/8 has 8 times a Poisson stream's variance. */
export type Arrivals =
  | { readonly kind: 'poisson'; readonly perSec: number }
  | { readonly kind: 'gamma'; readonly perSec: number; readonly shape: number }
  | { readonly kind: 'given'; readonly timesSec: ArrayLike<number> };

/** Token counts. `mean` is the mean of the tokens themselves, `sigma` the standard deviation of their logarithm. */
export type Lengths =
  | {
      readonly kind: 'lognormal';
      readonly mean: number;
      readonly sigma: number;
      readonly atLeast?: number;
      readonly atMost?: number;
    }
  | { readonly kind: 'constant'; readonly tokens: number }
  | { readonly kind: 'given'; readonly tokens: ArrayLike<number> };

/** What a run is asked to do, one row a request, in any order. Seconds and tokens. */
export interface Workload {
  readonly length: number;
  readonly arrivalSec: Float64Array;
  readonly promptTokens: Float64Array;
  /** The first token included. */
  readonly outputTokens: Float64Array;
  /** Prompt tokens found in a prefix cache: they take room but no work. Fewer than the prompt has. Default: none. */
  readonly cachedTokens?: Float64Array;
  /** Index of the engine that serves the request; absent: one engine. */
  readonly instance?: Uint32Array;
}

export interface WorkloadOptions {
  /** How many; with given arrivals or lengths it must not exceed what is given. */
  readonly requests: number;
  readonly arrivals: Arrivals;
  readonly prompt: Lengths;
  readonly output: Lengths;
  /** Engines, served in turn. Default 1. */
  readonly instances?: number;
  /** Any safe integer; arrivals, prompts and outputs are separate streams of it. Default 0. */
  readonly seed?: number;
}

const check = (holds: boolean, what: string, rule: string, value: unknown): void => {
  if (!holds) throw engineSimFault('engine-sim/bad-option', { what, rule, value });
};

const positive = (what: string, value: number): void =>
  check(value > 0 && value < Infinity, what, 'must be a finite number above 0', value);

const taken = (what: string, given: ArrayLike<number>, n: number): Float64Array => {
  check(given.length >= n, what, `must have at least ${n} values`, given.length);
  return Float64Array.from({ length: n }, (_, i) => given[i]);
};

const arrivalTimes = (arrivals: Arrivals, n: number, seed: number): Float64Array => {
  if (arrivals.kind === 'given') return taken('arrivals', arrivals.timesSec, n);
  positive('arrivals.perSec', arrivals.perSec);
  const source = seededRandom(seed, 'arrivals');
  let gap: () => number;
  if (arrivals.kind === 'poisson') gap = randomExponential.source(source)(arrivals.perSec);
  else {
    positive('arrivals.shape', arrivals.shape);
    gap = randomGamma.source(source)(arrivals.shape, 1 / (arrivals.shape * arrivals.perSec));
  }
  const times = new Float64Array(n);
  let now = 0;
  for (let i = 0; i < n; i++) {
    now += gap();
    times[i] = now;
  }
  return times;
};

const tokenCounts = (what: string, lengths: Lengths, n: number, least: number, seed: number): Float64Array => {
  if (lengths.kind === 'given') return taken(what, lengths.tokens, n);
  if (lengths.kind === 'constant') return new Float64Array(n).fill(lengths.tokens);
  const { mean, sigma, atLeast = least, atMost = Infinity } = lengths;
  positive(`${what}.mean`, mean);
  check(sigma >= 0 && sigma < Infinity, `${what}.sigma`, 'must be a finite number of at least 0', sigma);
  check(atLeast <= atMost, `${what}.atLeast`, `must not exceed atMost (${atMost})`, atLeast);
  const draw = randomLogNormal.source(seededRandom(seed, what))(Math.log(mean) - (sigma * sigma) / 2, sigma);
  return Float64Array.from({ length: n }, () => Math.min(Math.max(Math.round(draw()), atLeast), atMost));
};

/**
 * Draws a workload. The same seed gives the same arrivals whatever the lengths, and the other way round.
 * Lognormal prompts have at least 1 token and outputs at least 2, unless told otherwise.
 *
 * @throws Fault `engine-sim/bad-option`
 */
export const drawWorkload = (options: WorkloadOptions): Workload => {
  const { requests: n, instances = 1, seed = 0 } = options;
  check(Number.isSafeInteger(n) && n >= 1, 'requests', 'must be a whole number of at least 1', n);
  check(
    Number.isSafeInteger(instances) && instances >= 1,
    'instances',
    'must be a whole number of at least 1',
    instances,
  );
  check(Number.isSafeInteger(seed), 'seed', 'must be a safe integer', seed);
  return {
    length: n,
    arrivalSec: arrivalTimes(options.arrivals, n, seed),
    promptTokens: tokenCounts('prompt', options.prompt, n, 1, seed),
    outputTokens: tokenCounts('output', options.output, n, 2, seed),
    ...(instances > 1 && { instance: Uint32Array.from({ length: n }, (_, i) => i % instances) }),
  };
};
