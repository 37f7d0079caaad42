import { stepModelFault } from '../step-model-fault.js';

/** Replicas for one rate. */
export const replicasFor = (ratePerSec: number, perReplica: number): number =>
  Math.max(1, Math.ceil(ratePerSec / perReplica));

/** Replicas over a day or any other time. */
export interface ReplicaPlan {
  readonly binSec: number;
  /** Start of each bin after the first arrival, s. */
  readonly startSec: Float64Array;
  readonly ratePerSec: Float64Array;
  readonly replicas: Float64Array;
  readonly peak: number;
  readonly mean: number;
  /** Replica hours over all bins. */
  readonly replicaHours: number;
}

/** A year of minutes. */
const MOST_BINS = 600_000;

/**
 * Replicas that a stream of arrivals asks for, bin by bin: each bin its own rate, and at least one replica.
 *
 * @param arrivalSec in any order
 * @param perReplica the rate that one replica takes, requests/s, above 0
 * @param binSec length of a bin, s
 * @throws Fault `step-model/no-arrivals` without arrivals, `step-model/bad-bin` where the bins are no time or too many
 */
export const replicasOverTime = (arrivalSec: ArrayLike<number>, perReplica: number, binSec: number): ReplicaPlan => {
  if (arrivalSec.length === 0) {
    throw stepModelFault('step-model/no-arrivals', { what: 'arrivals', rule: 'must have a request', value: 0 });
  }
  let [first, last] = [Infinity, -Infinity];
  for (let i = 0; i < arrivalSec.length; i++) {
    first = Math.min(first, arrivalSec[i]);
    last = Math.max(last, arrivalSec[i]);
  }
  const bins = Math.floor((last - first) / binSec) + 1;
  if (!(binSec > 0 && bins <= MOST_BINS)) {
    const rule = `must be above 0, and make at most ${MOST_BINS} bins of ${last - first} s`;
    throw stepModelFault('step-model/bad-bin', { what: 'seconds of a bin', rule, value: binSec });
  }
  const counts = new Float64Array(bins);
  for (let i = 0; i < arrivalSec.length; i++) counts[Math.floor((arrivalSec[i] - first) / binSec)]++;
  const ratePerSec = counts.map((count) => count / binSec);
  const replicas = ratePerSec.map((rate) => replicasFor(rate, perReplica));
  const total = replicas.reduce((sum, n) => sum + n, 0);
  return {
    binSec,
    startSec: Float64Array.from({ length: bins }, (_, k) => k * binSec),
    ratePerSec,
    replicas,
    peak: replicas.reduce((most, n) => Math.max(most, n), 0),
    mean: total / bins,
    replicaHours: (total * binSec) / 3600,
  };
};
