import { tQuantile } from '@stepclock/numerics';
import { narrowed, taken } from '../windows/narrowed.js';
import { mergeWindows, restated, type StepWindow, withoutEach } from '../windows/step-window.js';
import { carriedCovariance, inverseGram } from './carried-coefficients.js';
import type { WindowFit } from './fit-window.js';
import { jackknife } from './jackknife.js';
import { noiseVariance } from './priors.js';

/** Intervals of fitted coefficients. */
export interface CoefficientIntervals {
  readonly level: number;
  /** By term of the windows, s: `[low, high]`; null for terms that were not fitted or that nothing tells of. */
  readonly byTerm: readonly (readonly [number, number] | null)[];
  /** p x p, row by row; zeros for terms left out. */
  readonly covariance: Float64Array;
  /** Windows that were left out in turn. */
  readonly windows: number;
}

/** Fewer windows tell no spread. */
export const FEWEST_WINDOWS = 10;

/**
 * Intervals from a delete-a-window jackknife with Student's t of g - 1 degrees of freedom (Shao and Tu 1995, section 2.3,
 * doi:10.1007/978-1-4612-0795-5); where one window carries a coefficient, from least squares. No interval of a bounded coefficient
 * reaches below zero; one that is held at zero has the upper end of its profile, with the same inflation.
 *
 * @param windows of one engine, with the same terms and the same stated fit
 * @param floorShare doubt that all windows share, as a share of the fitted time
 * @returns undefined with fewer than ten windows
 */
export const coefficientIntervals = (
  windows: readonly StepWindow[],
  of: readonly number[],
  fit: PriorsFit,
  level: number,
  floorShare = 0,
): CoefficientIntervals | undefined => {
  if (windows.length < FEWEST_WINDOWS) return undefined;
  const { windows: own, at } = narrowed(windows, of);
  const narrow = intervalsOn(own, indicesIn(at, of), fitOn(at, fit), level, floorShare);
  const p = fit.coefficients.length;
  const n = at.length;
  const covariance = new Float64Array(p * p);
  const byTerm: ([number, number] | null)[] = new Array(p).fill(null);
  for (let i = 0; i < n; i++) {
    byTerm[at[i]] = narrow.byTerm[i];
    for (let j = 0; j < n; j++) covariance[at[i] * p + at[j]] = narrow.covariance[i * n + j];
  }
  return { ...narrow, byTerm, covariance };
};

type PriorsFit = WindowFit & { readonly penalty: Float64Array };

const indicesIn = (at: readonly number[], of: readonly number[]): readonly number[] => of.map((t) => at.indexOf(t));

const fitOn = (at: readonly number[], { coefficients, inside, penalty, squares }: PriorsFit): PriorsFit => ({
  coefficients: taken(coefficients, at),
  inside: indicesIn(at, inside),
  penalty: taken(penalty, at),
  squares,
});

const intervalsOn = (
  windows: readonly StepWindow[],
  of: readonly number[],
  fit: PriorsFit,
  level: number,
  floorShare: number,
) => {
  const g = windows.length;
  const { coefficients, inside, penalty } = fit;
  const all = mergeWindows(windows);
  const p = coefficients.length;
  const variance = noiseVariance(all, fit);
  const held = of.filter((t) => !inside.includes(t));
  // The longest row is the one that carries, if any does: it fits itself, and its count may be off by a step.
  const ofOneStep = (all.seconds / all.steps) ** 2 / all.longestSec;
  const rests = withoutEach(windows);
  const carried =
    held.length === 0
      ? carriedCovariance(all, rests, inside, penalty, Math.max(variance, ofOneStep), variance, coefficients)
      : undefined;
  const covariance = carried ?? jackknife(windows, rests, of, penalty, coefficients);
  const factor = tQuantile((1 + level) / 2, g - 1);
  const inflation = inflationOf(all, inside, penalty, covariance, variance);
  // (floor x' b)^2 in the variance of a prediction x' b.
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) covariance[i * p + j] += floorShare ** 2 * coefficients[i] * coefficients[j];
  }
  const byTerm = Array.from({ length: p }, (_, t): [number, number] | null => {
    if (!of.includes(t)) return null;
    if (!inside.includes(t)) {
      const high = profileEnd(all, [...inside, t], penalty, coefficients, factor ** 2 * variance * inflation);
      return high === undefined ? null : [0, high];
    }
    const half = factor * Math.sqrt(covariance[t * p + t]);
    const low = coefficients[t] - half;
    return [all.terms[t].sign === 'free' ? low : Math.max(0, low), coefficients[t] + half];
  });
  return { level, byTerm, covariance, windows: g };
};

/** How much larger than least squares says the variances are: the median over the coefficients; 1 at least. */
const inflationOf = (
  all: StepWindow,
  inside: readonly number[],
  penalty: Float64Array,
  covariance: Float64Array,
  variance: number,
): number => {
  const inverse = inverseGram(all, inside, penalty);
  if (inverse === undefined || !(variance > 0)) return 1;
  const n = inside.length;
  const p = all.terms.length;
  const ratios = inside.map((t, k) => covariance[t * p + t] / (variance * inverse[k * n + k])).sort((a, b) => a - b);
  return Math.max(1, ratios[ratios.length >> 1] ?? 1);
};

/** Where the objective, profiled over the other coefficients, has risen by `rise` above its value at the bound; undefined where nothing tells. */
const profileEnd = (
  all: StepWindow,
  at: readonly number[],
  penalty: Float64Array,
  coefficients: Float64Array,
  rise: number,
): number | undefined => {
  const inverse = inverseGram(all, at, penalty);
  if (inverse === undefined) return undefined;
  const n = at.length;
  const t = at[n - 1];
  const curvature = 1 / inverse[n * n - 1];
  // Half the slope at the bound, upwards: the other coefficients are at their optimum.
  const slope = Math.max(0, -restated(all, coefficients).moment[t]);
  return (Math.sqrt(slope * slope + curvature * rise) - slope) / curvature;
};
