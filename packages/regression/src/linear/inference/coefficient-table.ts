import { tQuantile, tUpperTail } from '@stepclock/numerics';
import type { LinearModel } from '../linear-model.js';
import { INTERCEPT } from '../term.js';

/** How sure an estimate is. `null` everywhere when nothing is left to estimate errors from. */
export interface Uncertainty {
  readonly standardError: number | null;
  /** estimate / standardError. */
  readonly t: number | null;
  /** Two-sided, of Student's t; 0 means below 1e-308. */
  readonly p: number | null;
  readonly interval: readonly [low: number, high: number] | null;
}

/** One row of the coefficient table. The classic figures stand at the top level, the heteroscedasticity-robust ones under `hc3`. */
export interface CoefficientInference extends Uncertainty {
  readonly term: string;
  readonly estimate: number;
  readonly hc3: Uncertainty;
  /** Variance inflation factor `1 / (1 - R_j^2)`; `null` for the intercept. */
  readonly vif: number | null;
}

interface Parts {
  readonly model: LinearModel;
  readonly factor: readonly Float64Array[];
  readonly scales: Float64Array;
  readonly centreVariance: number;
  readonly sigma: number | null;
  readonly df: number;
  readonly level: number;
  readonly meat: Float64Array | undefined;
}

const quadraticForm = (matrix: Float64Array, x: Float64Array): number => {
  let sum = 0;
  for (let a = 0; a < x.length; a++) {
    for (let b = 0; b < x.length; b++) {
      sum += x[a] * matrix[a * x.length + b] * x[b];
    }
  }
  return sum;
};

const squaredLength = (x: Float64Array): number => x.reduce((sum, value) => sum + value * value, 0);

/** Coefficients with both kinds of uncertainty; terms in their order, the intercept last. */
export const coefficientTable = (parts: Parts): CoefficientInference[] => {
  const { model, factor, scales, centreVariance, sigma, df, level, meat } = parts;
  const quantile = df > 0 ? -tQuantile((1 - level) / 2, df) : 0;
  const uncertainty = (estimate: number, variance: number | undefined): Uncertainty => {
    if (variance === undefined || df <= 0) return { standardError: null, t: null, p: null, interval: null };
    const standardError = Math.sqrt(variance);
    const t = standardError > 0 ? estimate / standardError : null;
    const reach = quantile * standardError;
    return {
      standardError,
      t,
      p: t === null ? null : 2 * tUpperTail(Math.abs(t), df),
      interval: [estimate - reach, estimate + reach],
    };
  };
  /** `direction` holds what a coefficient is made of: its share of the value at the centre, then its row of G. */
  const row = (term: string, estimate: number, direction: Float64Array, vif: number | null): CoefficientInference => {
    const spread = squaredLength(direction.subarray(1)) + direction[0] ** 2 * centreVariance;
    const classic = sigma === null ? undefined : sigma * sigma * spread;
    const robust = meat === undefined ? undefined : quadraticForm(meat, direction);
    return { term, estimate, ...uncertainty(estimate, classic), hc3: uncertainty(estimate, robust), vif };
  };
  const table = model.terms.map(({ name }, j) => {
    const g = factor[j];
    const vif = scales[j] ** 2 * squaredLength(g);
    return row(name, model.coefficients[j], Float64Array.of(0, ...g), vif);
  });
  if (model.hasIntercept) {
    const direction = new Float64Array(factor.length + 1);
    direction[0] = 1;
    factor.forEach((g, j) => {
      g.forEach((value, k) => {
        direction[k + 1] = direction[k + 1] - model.centre[j] * value;
      });
    });
    table.push(row(INTERCEPT, model.intercept, direction, null));
  }
  return table;
};
