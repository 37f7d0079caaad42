import type { RequestTable } from '@stepclock/trace-io';

/** Latency figures of requests, s; NaN where one is not defined. */
export interface ServingMetrics {
  /** Time to first token: first token - arrival. */
  readonly ttft: Float64Array;
  /** Time per output token after the first: (last - first) / (output tokens - 1); an output of one token has none. */
  readonly tpot: Float64Array;
  /** Last token - arrival. */
  readonly latency: Float64Array;
}

export type MetricName = keyof ServingMetrics;

export const METRIC_NAMES = ['ttft', 'tpot', 'latency'] as const satisfies readonly MetricName[];

/** What a sentence calls them. */
export const METRIC_WORDS: Readonly<Record<MetricName, string>> = { ttft: 'TTFT', tpot: 'TPOT', latency: 'latency' };

/**
 * The three figures of every request of a log, on its one clock.
 *
 * @param beforeSec what passed before each request's arrival and counts as well; default nothing
 */
export const servingMetrics = (requests: RequestTable, beforeSec?: Float64Array): ServingMetrics => {
  const { length, arrivalSec, firstTokenSec, lastTokenSec, outputTokens } = requests;
  const unknown = new Float64Array(length).fill(Number.NaN);
  const arrived = arrivalSec ?? unknown;
  const arrival = beforeSec === undefined ? arrived : arrived.map((sec, i) => sec - beforeSec[i]);
  const first = firstTokenSec ?? unknown;
  const last = lastTokenSec ?? unknown;
  const [ttft, tpot, latency] = [new Float64Array(length), new Float64Array(length), new Float64Array(length)];
  for (let i = 0; i < length; i++) {
    const steps = outputTokens[i] - 1;
    ttft[i] = first[i] - arrival[i];
    tpot[i] = steps > 0 ? (last[i] - first[i]) / steps : Number.NaN;
    latency[i] = last[i] - arrival[i];
  }
  return { ttft, tpot, latency };
};
