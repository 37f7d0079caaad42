import type { Change, ModelComparison } from './compare-models.js';

/**
 * Whether B is slower than A by more than a threshold, the whole interval of the change lying above it. Where the logs' batches have little in
 * common, steps of the same batch must say so too, as far as both logs have some.
 */
export const isSlowerBy = ({ workloads, batches, isAcrossBatches }: ModelComparison, threshold: number): boolean => {
  const [{ change }] = workloads;
  const atSameBatch = isAcrossBatches ? batches?.atSameBatch : undefined;
  return change.interval[0] > threshold && (atSameBatch == null || atSameBatch.interval[0] > threshold);
};

/**
 * How many times the data of both logs an interval as narrow as a threshold takes, by its half width over the threshold, squared; at least 1.
 */
export const dataNeeded = ({ interval }: Change, threshold: number): number =>
  Math.max(1, ((interval[1] - interval[0]) / 2 / threshold) ** 2);
