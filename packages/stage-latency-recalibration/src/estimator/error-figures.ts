import { medianOf } from '@stepclock/numerics';
import { regressionMetrics } from '@stepclock/regression';

/** How far predictions lie from measurements. */
export interface ErrorFigures {
  readonly maeMs: number;
  readonly mapePercent: number;
  /** 95th percentile of the absolute error. */
  readonly p95Ms: number;
  /** Median of the absolute relative error. */
  readonly medianApePercent: number;
  /** 1 - residual over total sum of squares; null when all measurements are equal. */
  readonly r2: number | null;
}

/** @param measured above 0 */
export const errorFigures = (measured: Float64Array, predicted: Float64Array): ErrorFigures => {
  const { mae, mapePercent, p95AbsoluteError, r2 } = regressionMetrics(measured, predicted);
  const relative = measured.map((y, i) => Math.abs(predicted[i] / y - 1));
  return {
    maeMs: mae,
    mapePercent: mapePercent ?? 0,
    p95Ms: p95AbsoluteError,
    medianApePercent: 100 * medianOf(relative),
    r2,
  };
};
