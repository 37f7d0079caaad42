import type { Simulation } from '@stepclock/engine-sim';
import { meanOf, quantileSorted } from '@stepclock/numerics';
import { METRIC_NAMES, type MetricName, servingMetrics } from '../replay/serving-metrics.js';
import type { Slo } from './slo.js';

/** A metric at one rate, s. Null where no request has it (TPOT of outputs of one token). */
export interface LatencyFigures {
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** An engine under a load of so many requests a second. */
export interface OperatingFigures {
  readonly ratePerSec: number;
  readonly metrics: Readonly<Record<MetricName, LatencyFigures>>;
  /** Share of the requests that keep every limit of the SLO by themselves, and how many a second those are. */
  readonly goodShare: number;
  readonly goodputPerSec: number;
  /** Share of the time in which a step runs; of engines side by side their mean. */
  readonly utilisation: number;
  /** Mean over the time of the steps, of one engine. */
  readonly decodeSeqs: number;
  readonly outputTokensPerSec: number;
  readonly preemptions: number;
  /** Requests that wait when the last one arrives. */
  readonly waiting: number;
}

/** Figures at one rate, with the value of each SLO there, s; null where its metric is not defined. */
export interface RatedRun {
  readonly figures: OperatingFigures;
  readonly slos: readonly (number | null)[];
  readonly simulation: Simulation;
  /** Of the requests that count, in the order of their arrival, s; NaN where a request has no such metric. */
  readonly counted: Readonly<Record<MetricName, Float64Array>>;
  /** When those arrived, s. */
  readonly countedArrivalSec: Float64Array;
}

/** The engine starts empty: the first requests see less load than the rest. */
const WARM_UP = 0.1;
/** Once arrivals end, so does the load of those that still run. */
const RUN_OUT = 0.05;

const statisticOf = (ascending: Float64Array, statistic: Slo['statistic']): number | null => {
  if (ascending.length === 0) return null;
  return statistic === 'mean' ? meanOf(ascending) : quantileSorted(ascending, statistic);
};

/**
 * What a simulated run says of its rate. Requests of the warm-up and of the end, where arrivals no longer press, do not count.
 *
 * @param arrivalSec of the load, ascending
 * @param beforeSec between a client's start of each request and its arrival at the engine; default nothing
 * @param engines side by side that served it
 */
export const ratedRun = (
  simulation: Simulation,
  arrivalSec: Float64Array,
  ratePerSec: number,
  slos: readonly Slo[],
  beforeSec?: Float64Array,
  engines = 1,
): RatedRun => {
  const { requests, steps, truth } = simulation;
  const n = requests.length;
  const [from, to] = [Math.floor(WARM_UP * n), Math.ceil((1 - RUN_OUT) * n)];
  const all = servingMetrics(requests, beforeSec);
  const counted = {
    ttft: all.ttft.slice(from, to),
    tpot: all.tpot.slice(from, to),
    latency: all.latency.slice(from, to),
  };
  const ascending = (metric: MetricName): Float64Array => counted[metric].filter((sec) => !Number.isNaN(sec)).sort();
  const sorted = { ttft: ascending('ttft'), tpot: ascending('tpot'), latency: ascending('latency') };
  const figuresOf = (metric: MetricName): LatencyFigures => ({
    mean: statisticOf(sorted[metric], 'mean'),
    p50: statisticOf(sorted[metric], 0.5),
    p95: statisticOf(sorted[metric], 0.95),
    p99: statisticOf(sorted[metric], 0.99),
  });

  let good = 0;
  for (let i = 0; i < to - from; i++) {
    // A metric that a request does not have breaks no limit.
    if (slos.every(({ metric, limitSec }) => !(counted[metric][i] > limitSec))) good++;
  }
  const begin = arrivalSec[from];
  const end = arrivalSec[n - 1];
  let busySec = 0;
  let decodeSec = 0;
  for (let k = 0; k < steps.length; k++) {
    const start = steps.startSec[k];
    if (start < begin || start >= end) continue;
    busySec += steps.durationSec[k];
    decodeSec += steps.durationSec[k] * steps.decodeTokens[k];
  }
  let waiting = 0;
  for (let i = 0; i < n; i++) if ((requests.scheduledSec?.[i] ?? 0) > end) waiting++;
  let outputTokens = 0;
  for (let i = from; i < to; i++) outputTokens += requests.outputTokens[i];
  const goodShare = good / (to - from);
  const [ttft, tpot, latency] = METRIC_NAMES.map(figuresOf);
  return {
    figures: {
      ratePerSec,
      metrics: { ttft, tpot, latency },
      goodShare,
      goodputPerSec: goodShare * ratePerSec,
      utilisation: Math.min(1, busySec / (end - begin) / engines),
      decodeSeqs: busySec > 0 ? decodeSec / busySec : 0,
      outputTokensPerSec: (ratePerSec * outputTokens) / (to - from),
      preemptions: truth.preemptions.reduce((sum, count) => sum + count, 0),
      waiting,
    },
    slos: slos.map(({ metric, statistic }) => statisticOf(sorted[metric], statistic)),
    simulation,
    counted,
    countedArrivalSec: arrivalSec.subarray(from, to),
  };
};
