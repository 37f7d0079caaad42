import { inverseOfFactored } from '@stepclock/numerics';
import type { StepWindow } from '../windows/step-window.js';
import { factorOn } from './bounded-solution.js';
import { fitWindow } from './fit-window.js';

/** Without a window that carries a coefficient its variance would be this many times larger. */
const CARRIES = 25;
/** The rest of the windows contradicts beyond so many of its own standard errors. */
const CONTRADICTS = 4;
/** And of those that a count which is off by a step would make. */
const OF_ONE_STEP = 1.5;

/**
 * Covariance as least squares gives it, `s^2 (X'WX)^-1`, where one window carries a coefficient nearly alone: leaving it out would not tell how
 * far the coefficient is known, only that the rest does not know it. An engine that never stops to prefill has one such window.
 *
 * @param all the windows together
 * @param rests all of them but each
 * @param inside terms that are fitted and not held at zero, by index
 * @param variance s^2, no smaller than that of a count which is off by a step
 * @param noise s^2 as the rows have it
 * @param coefficients the fit of all windows
 * @returns p x p, row by row; undefined where no window does: then leaving windows out tells more
 */
export const carriedCovariance = (
  all: StepWindow,
  rests: readonly StepWindow[],
  inside: readonly number[],
  penalty: Float64Array,
  variance: number,
  noise: number,
  coefficients: Float64Array,
): Float64Array | undefined => {
  const whole = inverseGram(all, inside, penalty);
  if (whole === undefined) return undefined;
  const n = inside.length;
  const carried = rests.some((rest) => {
    const without = inverseGram(rest, inside, penalty);
    return inside.some((_, k) => without === undefined || !(without[k * n + k] < CARRIES * whole[k * n + k]));
  });
  if (!carried) return undefined;
  const p = all.terms.length;
  const covariance = new Float64Array(p * p);
  for (const [a, i] of inside.entries()) {
    for (const [b, j] of inside.entries()) covariance[i * p + j] = variance * whole[a * n + b];
  }
  // Where the rest knows the coefficient as well and contradicts, the engine has more than one: the difference is its spread.
  for (const rest of rests) {
    const told = inside.filter((t) => rest.gram[t * p + t] > 0);
    const without = inverseGram(rest, told, penalty);
    if (without === undefined) continue;
    const { coefficients: others } = fitWindow(rest, { of: told, penalty });
    const off = (t: number): number => others[t] - coefficients[t];
    const contradicts = told.some((t, k) => {
      const perVariance = off(t) ** 2 / without[k * told.length + k];
      return perVariance > CONTRADICTS ** 2 * noise && perVariance > OF_ONE_STEP ** 2 * variance;
    });
    if (!contradicts) continue;
    for (const i of told) for (const j of told) covariance[i * p + j] += off(i) * off(j);
  }
  return covariance;
};

/** `(X'WX + penalty)^-1` on some terms, symmetric; undefined where they depend on each other. */
export const inverseGram = (
  { gram, terms }: StepWindow,
  inside: readonly number[],
  penalty: Float64Array,
): Float64Array | undefined => {
  const p = terms.length;
  const n = inside.length;
  const scale = Float64Array.from({ length: p }, (_, t) => {
    const square = gram[t * p + t] + penalty[t];
    return square > 0 ? 1 / Math.sqrt(square) : 0;
  });
  const scaled = new Float64Array(p * p);
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) scaled[i * p + j] = scale[i] * scale[j] * gram[i * p + j];
    if (scale[i] > 0) scaled[i * p + i] = 1;
  }
  const factor = factorOn(inside, scaled, p);
  if (factor === undefined) return undefined;
  const lower = inverseOfFactored(factor, n);
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const value = lower[i * n + j] * scale[inside[i]] * scale[inside[j]];
      inverse[i * n + j] = value;
      inverse[j * n + i] = value;
    }
  }
  return inverse;
};
