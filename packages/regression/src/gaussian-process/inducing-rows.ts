import { choleskyFactor, solveLowerInPlace, solveUpperInPlace } from '@stepclock/numerics';
import { crossCovariance, type Hyperparameters } from './kernel.js';

/** Against the rounding of the rows' own covariance, relative to the signal: inducing rows carry no noise. */
const JITTER = 1e-8;

/**
 * Rows that stand for all of them: from the one nearest the middle, each next one farthest from those chosen. The order of the rows does not
 * matter.
 *
 * @param x standardised, d features wide, row by row
 * @returns row numbers, `count` of them
 */
export const inducingRows = (x: Float64Array, d: number, count: number): Uint32Array => {
  const n = x.length / d;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => {
    for (let k = 0; k < d; k++) if (x[a * d + k] !== x[b * d + k]) return x[a * d + k] - x[b * d + k];
    return 0;
  });
  const nearest = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  const middle = new Float64Array(d);
  const squared = (i: number, to: Float64Array): number => {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += (x[i * d + k] - to[k]) ** 2;
    return sum;
  };
  let next = order.reduce((best, i) => (squared(i, middle) < squared(best, middle) ? i : best), order[0]);
  return Uint32Array.from({ length: count }, () => {
    const chosen = next;
    const at = x.subarray(chosen * d, (chosen + 1) * d);
    for (let i = 0; i < n; i++) nearest[i] = Math.min(nearest[i], squared(i, at));
    // Kept behind other rows of no distance.
    nearest[chosen] = -1;
    for (const i of order) if (nearest[i] > nearest[next]) next = i;
    return chosen;
  });
};

/**
 * Weights of the inducing rows after all rows were seen, so that a prediction is their covariances times the weights: the mean of the projected
 * process (Rasmussen and Williams 2006, section 8.3.4), `(noise K_mm + K_mn K_nm)^-1 K_mn y`, by way of the Cholesky factor of `K_mm`.
 *
 * @param inducing m rows, d features wide
 * @param x n rows
 * @param y one a row of `x`
 * @returns m weights; undefined where rounding leaves no positive definite matrix
 */
export const projectedWeights = (
  inducing: Float64Array,
  x: Float64Array,
  y: Float64Array,
  d: number,
  theta: Hyperparameters,
): Float64Array | undefined => {
  const m = inducing.length / d;
  const own = crossCovariance(inducing, inducing, d, theta);
  for (let i = 0; i < m; i++) own[i * m + i] += JITTER * (theta.signal + theta.trend);
  const l = choleskyFactor(own, m);
  if (l === undefined) return undefined;
  const gram = new Float64Array(m * m);
  const right = new Float64Array(m);
  for (let row = 0; row < y.length; row++) {
    const v = solveLowerInPlace(l, m, crossCovariance(x.subarray(row * d, (row + 1) * d), inducing, d, theta));
    for (let i = 0; i < m; i++) {
      right[i] += v[i] * y[row];
      for (let j = 0; j <= i; j++) gram[i * m + j] += v[i] * v[j];
    }
  }
  for (let i = 0; i < m; i++) gram[i * m + i] += theta.noise;
  const factor = choleskyFactor(gram, m);
  if (factor === undefined) return undefined;
  return solveUpperInPlace(l, m, solveUpperInPlace(factor, m, solveLowerInPlace(factor, m, right)));
};
