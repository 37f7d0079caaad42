import { tQuantile } from '@stepclock/numerics';
import type { Term } from '@stepclock/step-cost';
import type { FleetEngine } from './fleet-engine.js';

/** One coefficient over the engines of a kind. */
interface PooledCoefficient {
  readonly term: Term;
  /** Mean over the engines, s. */
  readonly value: number;
  readonly interval: readonly [number, number] | null;
  /** Standard deviation between the engines, s: 0 where their own doubts explain all of their scatter. */
  readonly betweenEngines: number;
  /** Share of the scatter that is not the engines' own doubt (I^2 of Higgins and Thompson 2002). */
  readonly heterogeneity: number;
  readonly engines: number;
}

export interface PooledCoefficients {
  readonly coefficients: readonly PooledCoefficient[];
  /** Of the values, in their order, s^2. */
  readonly covariance: readonly (readonly number[])[];
}

/**
 * What the clocks of all engines share, as a standard deviation of each coefficient's share: pooled over 992 simulated engines, whose scatter would make
 * it 0.01 %, coefficients were 0.02 to 0.08 % off (`npm run validate -- --only fleet`).
 */
const COMMON_SHARE = 5e-4;

/** Halvings of a bracket of doubles that end at its last digit. */
const MOST_HALVINGS = 200;

interface Weighted {
  readonly value: number;
  readonly between: number;
  /** Add up to 1; 0 for engines without the term. */
  readonly weights: Float64Array;
  readonly engines: number;
  readonly heterogeneity: number;
}

/**
 * Random effects, coefficient by coefficient: the variance between engines by Paule and Mandel (1982, doi:10.6028/jres.087.022), the weights from it and
 * each engine's own variance, and the covariance of the means from how the engines scatter around them (the sandwich of the weighted mean; Student's t of
 * k - 1 degrees of freedom), so that the engines' own doubts only set the weights.
 *
 * @param engines of one kind; the order does not matter to the last digits but two
 */
export const pooledCoefficients = (
  engines: readonly FleetEngine[],
  catalogue: readonly Term[],
  level: number,
): PooledCoefficients => {
  const terms = catalogue.filter((term) => engines.some((engine) => engine.terms.includes(term)));
  const values = terms.map((term) => engines.map((engine) => engine.coefficients[engine.terms.indexOf(term)]));
  const pooled = terms.map((term, t) => {
    const variances = engines.map((engine) => {
      const i = engine.terms.indexOf(term);
      return i < 0 ? Number.NaN : engine.covariance[i][i];
    });
    return weighted(values[t], variances);
  });
  const k = engines.length;
  const covariance = pooled.map((a, t) =>
    pooled.map((b, u) => {
      let sum = 0;
      for (let e = 0; e < k; e++) {
        const weight = a.weights[e] * b.weights[e];
        if (weight > 0) sum += weight * (values[t][e] - a.value) * (values[u][e] - b.value);
      }
      // n / (n - 1): the mean is one of the figures that it is held against.
      const n = Math.min(a.engines, b.engines);
      const common = t === u ? (COMMON_SHARE * a.value) ** 2 : 0;
      return n < 2 ? 0 : (sum * n) / (n - 1) + common;
    }),
  );
  const coefficients = terms.map((term, t): PooledCoefficient => {
    const { value, between, engines: n, heterogeneity } = pooled[t];
    const half = n < 2 ? Number.NaN : tQuantile((1 + level) / 2, n - 1) * Math.sqrt(covariance[t][t]);
    const low = term.sign === 'free' ? value - half : Math.max(0, value - half);
    return {
      term,
      value,
      interval: n < 2 ? null : [low, value + half],
      betweenEngines: between,
      heterogeneity,
      engines: n,
    };
  });
  return { coefficients, covariance };
};

const weighted = (values: readonly number[], variances: readonly number[]): Weighted => {
  // Without any doubt of its own an engine would be all of the mean.
  const least = Math.max(...variances.filter((x) => x > 0), 0) * 1e-12;
  const doubt = variances.map((x) => Math.max(x, least));
  const isIn = values.map((value, e) => Number.isFinite(value) && doubt[e] >= 0);
  const n = isIn.filter(Boolean).length;
  const at = (between: number) => {
    const raw = Float64Array.from(doubt, (x, e) => (isIn[e] ? 1 / Math.max(x + between, Number.MIN_VALUE) : 0));
    const total = raw.reduce((a, b) => a + b, 0);
    const weights = raw.map((w) => w / total);
    const value = values.reduce((sum, x, e) => (isIn[e] ? sum + weights[e] * x : sum), 0);
    const q = values.reduce((sum, x, e) => (isIn[e] ? sum + raw[e] * (x - value) ** 2 : sum), 0);
    return { weights, value, q };
  };
  const none = at(0);
  const between = n < 2 || !(none.q > n - 1) ? 0 : varianceBetween((x) => at(x).q, n - 1);
  const { weights, value } = at(between);
  const heterogeneity = n < 2 || !(none.q > 0) ? 0 : Math.max(0, 1 - (n - 1) / none.q);
  return { value, between: Math.sqrt(between), weights, engines: n, heterogeneity };
};

/** Where the weighted scatter, which falls as the variance rises, is what k - 1 engines should show. */
const varianceBetween = (scatter: (variance: number) => number, wanted: number): number => {
  let high = Number.MIN_VALUE;
  for (let step = 1e-30; scatter(high) > wanted; step *= 4) high = step;
  let low = 0;
  for (let round = 0; round < MOST_HALVINGS && high - low > 1e-12 * high; round++) {
    const middle = (low + high) / 2;
    if (scatter(middle) > wanted) low = middle;
    else high = middle;
  }
  return high;
};
