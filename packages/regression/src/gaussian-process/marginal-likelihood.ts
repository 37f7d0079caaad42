import { cholesky, inverseFromCholesky, solveLower, solveUpper } from './cholesky.js';
import { correlation, type Hyperparameters, type KernelName } from './kernel.js';

/** Standardised training rows. */
export interface GpRows {
  /** n x d, row by row. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Row i is as noisy as the mean of `weights[i]` rows; undefined for 1 everywhere. */
  readonly weights: Float64Array | undefined;
}

/** Added to the diagonal, relative to the signal variance: far below any noise, above the rounding of the factorisation. */
const JITTER = 1e-10;

export interface GpFactors {
  /** Cholesky factor of `K + noise`. */
  readonly lower: Float64Array;
  /** `(K + noise)^-1 y`. */
  readonly alpha: Float64Array;
  readonly logLikelihood: number;
}

export const squaredDistance = (
  a: Float64Array,
  i: number,
  b: Float64Array,
  j: number,
  scales: Float64Array,
): number => {
  const d = scales.length;
  let sum = 0;
  for (let k = 0; k < d; k++) sum += ((a[i * d + k] - b[j * d + k]) / scales[k]) ** 2;
  return sum;
};

/** The factorised covariance and the log marginal likelihood `-y'alpha/2 - sum log L_ii - n/2 log 2 pi`; undefined when not positive definite. */
export const factorise = (rows: GpRows, kernel: KernelName, theta: Hyperparameters): GpFactors | undefined => {
  const n = rows.y.length;
  const variance = theta.signalSd ** 2;
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      covariance[i * n + j] =
        variance * correlation(kernel, squaredDistance(rows.x, i, rows.x, j, theta.lengthScales)).g;
    }
    covariance[i * n + i] = variance * (1 + JITTER) + theta.noiseSd ** 2 / (rows.weights?.[i] ?? 1);
  }
  const lower = cholesky(covariance, n);
  if (!lower) return undefined;
  const alpha = solveUpper(lower, n, solveLower(lower, n, rows.y));
  let logLikelihood = -(n / 2) * Math.log(2 * Math.PI);
  for (let i = 0; i < n; i++) {
    logLikelihood -= (rows.y[i] * alpha[i]) / 2 + Math.log(lower[i * n + i]);
  }
  return { lower, alpha, logLikelihood };
};

/** Derivatives of the log marginal likelihood by the logarithms of (length scales..., signal sd, noise sd): `tr((alpha alpha' - K^-1) dK) / 2`. */
export const likelihoodGradient = (
  rows: GpRows,
  kernel: KernelName,
  theta: Hyperparameters,
  { lower, alpha }: GpFactors,
): Float64Array => {
  const n = rows.y.length;
  const d = theta.lengthScales.length;
  const variance = theta.signalSd ** 2;
  const inverse = inverseFromCholesky(lower, n);
  const gradient = new Float64Array(d + 2);
  const add = (k: number, value: number) => {
    gradient[k] = gradient[k] + value;
  };
  for (let i = 0; i < n; i++) {
    const onDiagonal = alpha[i] ** 2 - inverse[i * n + i];
    add(d, onDiagonal * variance * (1 + JITTER));
    add(d + 1, (onDiagonal * theta.noiseSd ** 2) / (rows.weights?.[i] ?? 1));
    for (let j = 0; j < i; j++) {
      // Both (i, j) and (j, i), hence no factor of a half.
      const w = variance * (alpha[i] * alpha[j] - inverse[i * n + j]);
      const { g, slope } = correlation(kernel, squaredDistance(rows.x, i, rows.x, j, theta.lengthScales));
      add(d, 2 * w * g);
      for (let k = 0; k < d; k++) {
        const step = (rows.x[i * d + k] - rows.x[j * d + k]) / theta.lengthScales[k];
        add(k, w * slope * step * step);
      }
    }
  }
  return gradient;
};
