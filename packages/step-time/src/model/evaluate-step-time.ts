import { outsideHull, predictWithIntervals, type RegressionMetrics, regressionMetrics } from '@stepclock/regression';
import { stepTimeDataset } from '../data/step-time-terms.js';
import type { StepTimes } from '../data/step-times.js';
import { type MissedPoint, pointsOverThreshold } from './points-over-threshold.js';
import { requireTimes, type StepTimeModel } from './step-time-model.js';

/** How a model does on other steps. Times in ms. */
export interface StepTimeEvaluation {
  readonly metrics: RegressionMetrics;
  /** Share of the rows inside their 95 % prediction interval; `null` when the model carries none. */
  readonly intervalCoverage: number | null;
  /** Rows with a feature outside the training range. */
  readonly extrapolatedRows: number;
  readonly measuredMs: Float64Array;
  readonly predictedMs: Float64Array;
  /** Of `missed`. */
  readonly thresholdPercent: number;
  readonly missed: readonly MissedPoint[];
}

/** Compares predictions with measured steps. @param thresholdPercent of the points to list; default 20 */
export const evaluateStepTime = (model: StepTimeModel, times: StepTimes, thresholdPercent = 20): StepTimeEvaluation => {
  const data = stepTimeDataset(times, model.features);
  const predicted = requireTimes(model.linear.predict(data.features));
  return {
    metrics: regressionMetrics(data.target, predicted),
    intervalCoverage: coverageOf(model, data.features, data.target),
    extrapolatedRows: outsideHull(model.linear, data.features).reduce((sum, outside) => sum + outside, 0),
    measuredMs: data.target,
    predictedMs: predicted,
    thresholdPercent,
    missed: pointsOverThreshold(data.target, predicted, thresholdPercent),
  };
};

const coverageOf = (
  { linear }: StepTimeModel,
  features: Parameters<typeof predictWithIntervals>[1],
  target: Float64Array,
): number | null => {
  if (linear.inference === undefined) return null;
  const { low, high } = predictWithIntervals(linear, features);
  let inside = 0;
  for (let i = 0; i < target.length; i++) {
    if (low[i] <= target[i] && target[i] <= high[i]) inside++;
  }
  return inside / target.length;
};
