/**
 * What a process believes before it sees data. `none`: a constant plus a smooth deviation. `quadratic`: also a polynomial of degree two in
 * all features, so that it extrapolates as a trend does instead of falling back to the mean.
 */
export const TRENDS = ['none', 'quadratic'] as const;

export type Trend = (typeof TRENDS)[number];

/**
 * Matern kernel of order 5/2 with unit variance, of `r = sqrt(5) |(x - x') / lengths|` and `decay = exp(-r)`: twice differentiable, which
 * latencies are and a squared exponential overstates (Rasmussen and Williams 2006, equation 4.17).
 */
export const matern = (r: number, decay: number): number => (1 + r + (r * r) / 3) * decay;

/** `d matern / d log length_k = maternSlope x ((x_k - x'_k) / length_k)^2`. */
export const maternSlope = (r: number, decay: number): number => (5 / 3) * (1 + r) * decay;

/** Kernel of a polynomial of degree two in d standardised features, the constant left out, of the scalar product of two rows. */
export const quadraticKernel = (product: number, d: number): number => (1 + product / d) ** 2 - 1;

/** Hyperparameters by name, all squared but the lengths; their logarithms stand in the order (lengths..., signal sd, noise sd[, trend sd]). */
export interface Hyperparameters {
  readonly lengths: Float64Array;
  readonly signal: number;
  readonly noise: number;
  /** 0 without a trend. */
  readonly trend: number;
}

/** Below any noise, above the rounding of the factorisation. */
const JITTER = 1e-8;

export const hyperparametersOf = (logs: ArrayLike<number>, d: number): Hyperparameters => ({
  lengths: Float64Array.from({ length: d }, (_, k) => Math.exp(logs[k])),
  signal: Math.exp(2 * logs[d]),
  noise: Math.exp(2 * logs[d + 1]) + JITTER,
  trend: logs.length > d + 2 ? Math.exp(2 * logs[d + 2]) : 0,
});

/**
 * Covariances, without noise, of the rows of `a` with those of `b`; both d features wide, row by row.
 *
 * @returns as many rows as `a`, as many columns as `b`, row by row
 */
export const crossCovariance = (a: Float64Array, b: Float64Array, d: number, theta: Hyperparameters): Float64Array => {
  const { lengths, signal, trend } = theta;
  const [n, m] = [a.length / d, b.length / d];
  const covariance = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let distance = 0;
      let product = 0;
      for (let k = 0; k < d; k++) {
        const here = a[i * d + k];
        const there = b[j * d + k];
        distance += ((here - there) / lengths[k]) ** 2;
        product += here * there;
      }
      const r = Math.sqrt(5 * distance);
      covariance[i * m + j] = signal * matern(r, Math.exp(-r)) + trend * quadraticKernel(product, d);
    }
  }
  return covariance;
};
