import { stepTimeFault } from '../fault.js';

/** A row that the model misses by more than was asked for. */
export interface MissedPoint {
  /** Counted from 0. */
  readonly row: number;
  readonly stepTimeMs: number;
  readonly predictedMs: number;
  /** predicted - measured. */
  readonly errorMs: number;
  /** |error| over the measured time. */
  readonly errorPercent: number;
}

/** Rows whose |error| is above `thresholdPercent` of the measured time, the worst first. */
export const pointsOverThreshold = (
  measuredMs: Float64Array,
  predictedMs: Float64Array,
  thresholdPercent: number,
): MissedPoint[] => {
  if (!(thresholdPercent >= 0)) {
    throw stepTimeFault('step-time/bad-option', {
      what: 'threshold',
      rule: 'must be at least 0 %',
      value: thresholdPercent,
    });
  }
  const missed: MissedPoint[] = [];
  for (let row = 0; row < measuredMs.length; row++) {
    const stepTimeMs = measuredMs[row];
    const errorMs = predictedMs[row] - stepTimeMs;
    const errorPercent = (100 * Math.abs(errorMs)) / stepTimeMs;
    if (errorPercent > thresholdPercent) {
      missed.push({ row, stepTimeMs, predictedMs: predictedMs[row], errorMs, errorPercent });
    }
  }
  return missed.sort((p, q) => q.errorPercent - p.errorPercent || p.row - q.row);
};
