import { drawWorkload, type Workload } from '@stepclock/engine-sim';
import type { RequestTable } from '@stepclock/trace-io';
import { stepModelFault } from '../step-model-fault.js';

/** What is asked of an engine, at one request a second: any rate is this with its arrivals closer or further apart. */
export interface LoadShape {
  readonly length: number;
  /** Ascending from 0, mean gap 1 s. */
  readonly arrivals: Float64Array;
  readonly promptTokens: Float64Array;
  readonly outputTokens: Float64Array;
  readonly cachedTokens?: Float64Array;
  /** Whose arrivals they are. */
  readonly pattern: ArrivalPattern;
  /** The mean rate of the log that the load was taken from, requests/s; absent where it tells no arrivals. */
  readonly logPerSec?: number;
}

/** `log`: the log's own, over and over; `gamma` comes in bursts where its shape is below 1. */
export type ArrivalPattern =
  | { readonly kind: 'log' }
  | { readonly kind: 'poisson' }
  | { readonly kind: 'gamma'; readonly shape: number };

/** What of a log tells its load. */
export type RequestLengths = Pick<
  RequestTable,
  'length' | 'arrivalSec' | 'promptTokens' | 'outputTokens' | 'cachedTokens'
>;

/** Requests of a log's load at least, its own repeated: the p99 of a metric then has a hundred requests above it. */
const LEAST_REPEATED = 10_000;
/** Requests of drawn arrivals. Where they come evenly, so many leave a rate open by a fifth of a per cent. */
const DRAWN_REQUESTS = 100_000;
/** Bursts have several times as many: a simulation of more than these takes longer than anybody waits for. */
const MOST_ROUNDS = 4;

/** How many times a hundred thousand requests are drawn of a pattern: in bursts so many leave a rate open by 1.5 to 3 %. */
export const roundsOf = (pattern: ArrivalPattern): number =>
  pattern.kind === 'gamma' && pattern.shape < 1 ? Math.min(MOST_ROUNDS, Math.ceil(1 / pattern.shape)) : 1;

/** Requests that are drawn of a pattern. */
export const drawnRequestsOf = (pattern: ArrivalPattern): number => roundsOf(pattern) * DRAWN_REQUESTS;

/** Requests a second of a log, from its first arrival to its last; undefined where it tells none, or all at once. */
const meanRateOf = (arrivalSec: Float64Array | undefined): number | undefined => {
  if (arrivalSec === undefined || arrivalSec.length < 2) return undefined;
  const [first, last] = arrivalSec.reduce(
    ([low, high], sec) => [Math.min(low, sec), Math.max(high, sec)],
    [Infinity, -Infinity],
  );
  return last > first ? (arrivalSec.length - 1) / (last - first) : undefined;
};

/** The log's arrivals, repeated end to end, at one a second in the mean; undefined where it tells none, or all at once. */
const ownArrivals = (arrivalSec: Float64Array | undefined, length: number): Float64Array | undefined => {
  if (arrivalSec === undefined || arrivalSec.length < 2) return undefined;
  const sorted = arrivalSec.slice().sort();
  const n = sorted.length;
  const span = sorted[n - 1] - sorted[0];
  if (!(span > 0)) return undefined;
  // One mean gap lies between the last of a round and the first of the next.
  const gap = span / (n - 1);
  return Float64Array.from({ length }, (_, i) => (sorted[i % n] - sorted[0]) / gap + Math.floor(i / n) * n);
};

const drawnArrivals = (
  pattern: Exclude<ArrivalPattern, { kind: 'log' }>,
  length: number,
  seed: number,
): Float64Array => {
  const { arrivalSec } = drawWorkload({
    requests: length,
    arrivals: { ...pattern, perSec: 1 },
    prompt: { kind: 'constant', tokens: 1 },
    output: { kind: 'constant', tokens: 1 },
    seed,
  });
  // At one a second to the last digit: what a draw's own mean is off by would be the error of every rate.
  const [first, span] = [arrivalSec[0], arrivalSec[length - 1] - arrivalSec[0]];
  return arrivalSec.map((sec) => ((sec - first) * (length - 1)) / span);
};

/**
 * The shape of a log's load: its requests in the order of their arrival, repeated until there are ten thousand, with its own arrivals; or a hundred
 * thousand with drawn ones, four hundred thousand in bursts.
 *
 * @param pattern default: the log's own arrivals where it tells them, Poisson otherwise
 * @throws Fault `step-model/no-requests`, `step-model/no-arrivals` where the log's own are asked for and it has none
 */
export const loadShapeOf = (requests: RequestLengths, pattern?: ArrivalPattern, seed = 0): LoadShape => {
  const { length: n, arrivalSec, promptTokens, outputTokens, cachedTokens } = requests;
  if (n === 0)
    throw stepModelFault('step-model/no-requests', { what: 'workload', rule: 'must have a request', value: n });
  const least = n * Math.ceil(LEAST_REPEATED / n);
  const own = pattern === undefined || pattern.kind === 'log' ? ownArrivals(arrivalSec, least) : undefined;
  const drawn = pattern === undefined || pattern.kind === 'log' ? ({ kind: 'poisson' } as const) : pattern;
  const length = own === undefined ? n * Math.ceil(drawnRequestsOf(drawn) / n) : least;
  if (pattern?.kind === 'log' && own === undefined) {
    throw stepModelFault('step-model/no-arrivals', {
      what: 'workload',
      rule: 'must tell when its requests arrived, at two moments or more',
      value: 'no arrival times',
    });
  }
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  if (own !== undefined && arrivalSec !== undefined) order.sort((a, b) => arrivalSec[a] - arrivalSec[b] || a - b);
  const repeated = (column: Float64Array): Float64Array =>
    Float64Array.from({ length }, (_, i) => column[order[i % n]]);
  const logPerSec = meanRateOf(arrivalSec);
  return {
    length,
    arrivals: own ?? drawnArrivals(drawn, length, seed),
    promptTokens: repeated(promptTokens),
    outputTokens: repeated(outputTokens),
    ...(cachedTokens && { cachedTokens: repeated(cachedTokens.map((tokens) => (Number.isNaN(tokens) ? 0 : tokens))) }),
    pattern: own === undefined ? drawn : { kind: 'log' },
    ...(logPerSec !== undefined && { logPerSec }),
  };
};

/** Some requests of a load, with arrivals of their own. */
export const pickedFrom = (shape: LoadShape, rows: Uint32Array, arrivals: Float64Array): LoadShape => {
  const picked = (column: Float64Array): Float64Array => Float64Array.from(rows, (i) => column[i]);
  const { promptTokens, outputTokens, cachedTokens } = shape;
  return {
    ...shape,
    length: rows.length,
    arrivals,
    promptTokens: picked(promptTokens),
    outputTokens: picked(outputTokens),
    ...(cachedTokens && { cachedTokens: picked(cachedTokens) }),
  };
};

/** The first requests of a load, at one a second again. */
export const headOf = (shape: LoadShape, most: number): LoadShape => {
  if (shape.length <= most) return shape;
  const meanGap = shape.arrivals[most - 1] / (most - 1);
  const rows = Uint32Array.from({ length: most }, (_, i) => i);
  return pickedFrom(
    shape,
    rows,
    Float64Array.from(rows, (i) => shape.arrivals[i] / meanGap),
  );
};

/** After so many requests of a load, and after all of them, another rank has the first turn: else it would have the same ones of a short log in every round. */
const OF_A_TURN = 1000;

/**
 * What one of some ranks gets of a load that goes to each in turn, at one a second; the load begins again where it is too short.
 *
 * @param ranks 1: all of the load
 */
export const shareOf = (shape: LoadShape, ranks: number, requests: number): LoadShape => {
  if (ranks === 1 && requests <= shape.length) return headOf(shape, requests);
  const { length, arrivals } = shape;
  const places = Float64Array.from({ length: requests }, (_, i) => {
    const round = Math.floor((i * ranks) / length);
    return i * ranks + ((Math.floor((i * ranks - round * length) / OF_A_TURN) + round) % ranks);
  });
  const at = places.map((place) => arrivals[place % length] + length * Math.floor(place / length));
  const meanGap = (at[requests - 1] - at[0]) / (requests - 1);
  return pickedFrom(
    shape,
    Uint32Array.from(places, (place) => place % length),
    at.map((sec) => (sec - at[0]) / meanGap),
  );
};

/** The load at a rate, requests/s. */
export const workloadAt = (
  { length, arrivals, promptTokens, outputTokens, cachedTokens }: LoadShape,
  ratePerSec: number,
): Workload => ({
  length,
  arrivalSec: arrivals.map((at) => at / ratePerSec),
  promptTokens,
  outputTokens,
  ...(cachedTokens && { cachedTokens }),
});
