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
  const uniform = seededRandom(seed, 'coefficients');
  // Never 0 or 1, which no quantile has.
  const normal = () => tQuantile((uniform() * (2 ** 32 - 2) + 1) / 2 ** 32, NORMAL);
  return Array.from({ length: count }, () => {
    const z = Float64Array.from({ length: n }, normal);
    const drawn = [...values];
    for (const [i, t] of moving.entries()) {
      let sum = 0;
      for (let k = 0; k <= i; k++) sum += factor[i * n + k] * z[k];
      const value = values[t] + widening * error[t] * sum;
      drawn[t] = terms[t].sign === 'free' ? value : Math.max(0, value);
    }
    return betasOf(terms, drawn);
  });
};
