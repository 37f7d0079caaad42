import { choleskyFactor, meanOf, solveLowerInPlace, solveUpperInPlace } from '@stepclock/numerics';
import {
  type FeatureTable,
  LinearModel,
  linearTerms,
  polynomialTerms,
  type Term,
  termColumns,
  trainingRangeOf,
} from '@stepclock/regression';

/** Penalties tried, in units of the squared coefficients of columns with standard deviation 1: 1e-4 to 1e3 in half decades. */
const PENALTIES = Array.from({ length: 15 }, (_, k) => 10 ** (-4 + k / 2));

export interface PolynomialRidge {
  readonly model: LinearModel;
  readonly penalty: number;
}

/**
 * Polynomial of degree 1 or 2 with a penalty on all coefficients but the intercept, the penalty chosen by leave-one-out (Allen's PRESS).
 * Unlike least squares it takes more terms than rows: the system of whichever is fewer is solved.
 */
export const polynomialRidge = (features: FeatureTable, target: Float64Array, degree: 1 | 2): PolynomialRidge => {
  const terms: readonly Term[] = degree === 1 ? linearTerms(features.names) : polynomialTerms(features.names, 2);
  const n = target.length;
  const p = terms.length;
  const columns = termColumns(features, terms);
  const centre = Float64Array.from(columns, (column) => meanOf(column));
  const deviation = Float64Array.from(columns, (column, j) => {
    const sd = Math.sqrt(meanOf(column.map((value) => (value - centre[j]) ** 2)));
    return sd > 1e-9 * Math.max(1, Math.abs(centre[j])) ? sd : 0;
  });
  const middle = meanOf(target);
  const y = target.map((value) => value - middle);
  // Row-major n x p.
  const z = new Float64Array(n * p);
  columns.forEach((column, j) => {
    const sd = deviation[j];
    if (sd === 0) return;
    for (let i = 0; i < n; i++) z[i * p + j] = (column[i] - centre[j]) / sd;
  });
  const solve = p <= n ? primal(z, y, n, p) : dual(z, y, n, p);
  let best: { readonly press: number; readonly penalty: number; readonly weights: Float64Array } | undefined;
  for (const penalty of PENALTIES) {
    const trial = solve(penalty);
    if (trial !== undefined && (best === undefined || trial.press < best.press)) best = { ...trial, penalty };
  }
  const weights = best?.weights ?? new Float64Array(p);
  return {
    penalty: best?.penalty ?? Number.POSITIVE_INFINITY,
    model: new LinearModel(
      {
        estimator: 'ridge',
        terms,
        coefficients: weights.map((value, j) => (deviation[j] > 0 ? value / deviation[j] : 0)),
        centre,
        valueAtCentre: middle,
        hasIntercept: true,
      },
      trainingRangeOf(features),
    ),
  };
};

type Solver = (penalty: number) => { readonly press: number; readonly weights: Float64Array } | undefined;

/** Sum of squared leave-one-out residuals; the intercept's leverage is 1/n. */
const pressOf = (residuals: Float64Array, leverages: Float64Array): number =>
  residuals.reduce((sum, residual, i) => {
    const left = Math.max(1 - leverages[i] - 1 / residuals.length, 1e-6);
    return sum + (residual / left) ** 2;
  }, 0);

/** `(Z'Z + penalty) w = Z'y`. */
const primal = (z: Float64Array, y: Float64Array, n: number, p: number): Solver => {
  const gram = new Float64Array(p * p);
  const right = new Float64Array(p);
  for (let i = 0; i < n; i++) {
    for (let a = 0; a < p; a++) {
      const value = z[i * p + a];
      right[a] = right[a] + value * y[i];
      for (let b = 0; b <= a; b++) gram[a * p + b] = gram[a * p + b] + value * z[i * p + b];
    }
  }
  return (penalty) => {
    const l = factorOf(gram, p, penalty);
    if (l === undefined) return undefined;
    const weights = solveUpperInPlace(l, p, solveLowerInPlace(l, p, right.slice()));
    const residuals = new Float64Array(n);
    const leverages = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const row = z.slice(i * p, (i + 1) * p);
      residuals[i] = y[i] - row.reduce((sum, value, j) => sum + value * weights[j], 0);
      leverages[i] = solveLowerInPlace(l, p, row).reduce((sum, value) => sum + value * value, 0);
    }
    return { press: pressOf(residuals, leverages), weights };
  };
};

/** `(Z Z' + penalty) a = y`, `w = Z'a`; leverage `1 - penalty (..)^-1_ii`. */
const dual = (z: Float64Array, y: Float64Array, n: number, p: number): Solver => {
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < p; k++) sum += z[i * p + k] * z[j * p + k];
      gram[i * n + j] = sum;
    }
  }
  return (penalty) => {
    const l = factorOf(gram, n, penalty);
    if (l === undefined) return undefined;
    const a = solveUpperInPlace(l, n, solveLowerInPlace(l, n, y.slice()));
    const leverages = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const unit = new Float64Array(n);
      unit[i] = 1;
      leverages[i] = 1 - penalty * solveLowerInPlace(l, n, unit).reduce((sum, value) => sum + value * value, 0);
    }
    const weights = Float64Array.from({ length: p }, (_, j) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += z[i * p + j] * a[i];
      return sum;
    });
    return {
      press: pressOf(
        a.map((value) => penalty * value),
        leverages,
      ),
      weights,
    };
  };
};

const factorOf = (gram: Float64Array, size: number, penalty: number): Float64Array | undefined => {
  const shifted = gram.slice();
  for (let i = 0; i < size; i++) shifted[i * size + i] = shifted[i * size + i] + penalty;
  return choleskyFactor(shifted, size);
};
