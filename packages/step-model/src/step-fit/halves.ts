import { tQuantile } from '@stepclock/numerics';
import {
  FEWEST_WINDOWS,
  fitWindows,
  mergeWindows,
  REBUILT_STEPS_FLOOR_SHARE,
  type StepWindow,
} from '@stepclock/step-cost';

/** The two halves of a log beside each other: what the log's mean step takes by the fit of either. Seconds. */
export interface LogHalves {
  readonly firstSec: number;
  readonly secondSec: number;
  /** Second less first. */
  readonly differenceSec: number;
  /** What the difference of halves that are alike stays within, either way, at the level of the intervals. */
  readonly withinSec: number;
  /** Whether the difference lies beyond it, and is of a size that matters. */
  readonly drifted: boolean;
}

/**
 * A drift below this share of the mean step is no matter, however long the log: a fit's own figures are no finer. REBUILT_STEPS_FLOOR_SHARE, by which
 * intervals of rebuilt steps are widened, is as large, and a good model is one whose held-out steps are within 2 %.
 */
const LEAST_DRIFT = REBUILT_STEPS_FLOOR_SHARE;

/**
 * Fits the halves of a log apart and compares the time of its mean step under either.
 *
 * @param of terms of the whole log's fit, by index
 * @returns null with fewer than twenty windows, or where a half tells no intervals
 */
export const logHalves = (windows: readonly StepWindow[], of: readonly number[], level: number): LogHalves | null => {
  const half = windows.length >> 1;
  if (half < FEWEST_WINDOWS) return null;
  const all = mergeWindows(windows);
  const mean = all.sums.map((sum) => sum / all.steps);
  const [first, second] = [windows.slice(0, half), windows.slice(half)].map((part) => {
    const { coefficients, intervals } = fitWindows(part, { choice: of, level });
    const p = mean.length;
    const covariance = intervals?.covariance;
    let seconds = 0;
    let variance = 0;
    for (const i of of) {
      seconds += coefficients[i] * mean[i];
      if (covariance) for (const j of of) variance += mean[i] * mean[j] * covariance[i * p + j];
    }
    return { seconds, variance: covariance ? variance : null };
  });
  if (first?.variance == null || second?.variance == null) return null;
  const withinSec = tQuantile((1 + level) / 2, half - 1) * Math.sqrt(first.variance + second.variance);
  const differenceSec = second.seconds - first.seconds;
  return {
    firstSec: first.seconds,
    secondSec: second.seconds,
    differenceSec,
    withinSec,
    drifted: Math.abs(differenceSec) > Math.max(withinSec, LEAST_DRIFT * first.seconds),
  };
};
