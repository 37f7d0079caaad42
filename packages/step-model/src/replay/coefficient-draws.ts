import { choleskyFactor, seededRandom, tQuantile } from '@stepclock/numerics';
import { type Betas, betasOf, CATALOGUE, type Term } from '@stepclock/step-cost';
import type { BetasFile } from '../model-file/betas-schema.js';
import { checkedTerms } from '../model-file/consistency.js';
import { reachOf } from '../prediction/predict-step-time.js';

/** Student's t of so many degrees of freedom is the normal. */
const NORMAL = 1e9;
/** Added to the correlations' diagonal, so that terms which move as one have a factor. */
const JITTER = 1e-9;

/**
 * A draw below a bound is drawn again, so that terms which trade with each other stay on their line; where so many do not hit, the coefficient is set to
 * its bound.
 */
const MOST_TRIES = 64;

/** Draws of the standard normal distribution. */
export const normalsOf = (seed: number, stream: string): (() => number) => {
  const uniform = seededRandom(seed, stream);
  // Never 0 or 1, which no quantile has.
  return () => tQuantile((uniform() * (2 ** 32 - 2) + 1) / 2 ** 32, NORMAL);
};

/**
 * Coefficients as they may be by the covariance of a model: normal around the fit, as wide as the file's own intervals say, none below its bound.
 *
 * @param seed any safe integer; the same seed gives the same draws
 * @returns undefined where the model has no covariance
 * @throws Fault `step-model/bad-betas-file`
 */
export const drawnBetas = (
  model: BetasFile,
  count: number,
  seed = 0,
  catalogue: readonly Term[] = CATALOGUE,
): readonly Betas[] | undefined => {
  const { covariance, intervals } = model;
  if (covariance === null || intervals === null) return undefined;
  const terms = checkedTerms(model, catalogue);
  const values = model.terms.map(({ value }) => value);
  const error = covariance.map((row, t) => Math.sqrt(row[t]));
  const moving = error.flatMap((sd, t) => (sd > 0 ? [t] : []));
  const n = moving.length;
  const correlation = Float64Array.from({ length: n * n }, (_, k) => {
    const [a, b] = [moving[Math.floor(k / n)], moving[k % n]];
    return a === b ? 1 + JITTER : covariance[a][b] / (error[a] * error[b]);
  });
  const factor = choleskyFactor(correlation, n);
  if (factor === undefined) return undefined;
  const widening = reachOf(model.terms, covariance) / tQuantile((1 + intervals.level) / 2, NORMAL);
  const normal = normalsOf(seed, 'coefficients');
  const moved = (): number[] => {
    const z = Float64Array.from({ length: n }, normal);
    const drawn = [...values];
    for (const [i, t] of moving.entries()) {
      let sum = 0;
      for (let k = 0; k <= i; k++) sum += factor[i * n + k] * z[k];
      drawn[t] = values[t] + widening * error[t] * sum;
    }
    return drawn;
  };
  const isBelow = (value: number, t: number): boolean => terms[t].sign !== 'free' && value < 0;
  return Array.from({ length: count }, () => {
    let drawn = moved();
    for (let tries = 1; drawn.some(isBelow) && tries < MOST_TRIES; tries++) drawn = moved();
    return betasOf(
      terms,
      drawn.map((value, t) => (isBelow(value, t) ? 0 : value)),
    );
  });
};
