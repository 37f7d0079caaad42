import { StageError } from '../stage-error.js';
import { choleskyFactor, inverseOfFactored, solveLowerInPlace, solveUpperInPlace } from './dense.js';
import type { Evaluation } from './minimise.js';

/**
 * What the process believes before it sees data. `none`: a constant plus a smooth deviation. `quadratic`: also a polynomial of degree two
 * in all features, so that it extrapolates as a trend does instead of falling back to the mean.
 */
export type Trend = 'none' | 'quadratic';

/** Below any noise, above the rounding of the factorisation. */
const JITTER = 1e-8;

/** Minus the logarithm of likelihood times priors, as a function of the logarithms of (lengths..., signal sd, noise sd[, trend sd]). */
export class Posterior {
  /** How many hyperparameters. */
  readonly size: number;
  readonly #n: number;
  readonly #priors: readonly { readonly mean: number; readonly sd: number }[];
  /** Squared differences of the pairs i > j, feature by feature. */
  readonly #differences: readonly Float64Array[];
  /** `(1 + x_i x_j / d)^2 - 1` of the pairs i >= j, row by row. */
  readonly #trendKernel: Float64Array;

  constructor(
    x: Float64Array,
    private readonly y: Float64Array,
    private readonly d: number,
    trend: Trend,
  ) {
    const n = y.length;
    this.#n = n;
    this.#priors = [
      ...Array.from({ length: d }, () => ({ mean: 0.5 * Math.log(d), sd: 1 })),
      { mean: Math.log(0.8), sd: 1 },
      { mean: Math.log(0.1), sd: 1.5 },
      ...(trend === 'quadratic' ? [{ mean: Math.log(0.5), sd: 1 }] : []),
    ];
    this.size = this.#priors.length;
    const pairs = (n * (n - 1)) / 2;
    this.#differences = Array.from({ length: d }, (_, k) => {
      const column = new Float64Array(pairs);
      for (let i = 0, p = 0; i < n; i++) {
        for (let j = 0; j < i; j++) column[p++] = (x[i * d + k] - x[j * d + k]) ** 2;
      }
      return column;
    });
    this.#trendKernel = new Float64Array(trend === 'quadratic' ? n * n : 0);
    for (let i = 0; i < this.#trendKernel.length / n; i++) {
      for (let j = 0; j <= i; j++) {
        let product = 0;
        for (let k = 0; k < d; k++) product += x[i * d + k] * x[j * d + k];
        this.#trendKernel[i * n + j] = (1 + product / d) ** 2 - 1;
      }
    }
  }

  /** The priors' means. */
  typical(): Float64Array {
    return Float64Array.from(this.#priors, ({ mean }) => mean);
  }

  evaluate(logs: Float64Array): Evaluation {
    const n = this.#n;
    const { d, y } = this;
    const gradient = new Float64Array(this.size);
    const { covariance, smooth, slopes, signal, noise, trend } = this.#covariance(logs);
    const l = choleskyFactor(covariance, n);
    if (l === undefined) return { value: Number.POSITIVE_INFINITY, gradient };
    const inverse = inverseOfFactored(l, n);
    const alpha = solveUpperInPlace(l, n, solveLowerInPlace(l, n, y.slice()));
    let value = 0;
    for (let i = 0; i < n; i++) {
      value += (y[i] * alpha[i]) / 2 + Math.log(l[i * n + i]);
    }
    // d value / d log h = tr((A^-1 - alpha alpha') dA) / 2; pairs i > j count twice, hence no half.
    const pull = new Float64Array(slopes.length);
    const trendKernel = this.#trendKernel;
    let bySignal = 0;
    let byNoise = 0;
    let byTrend = 0;
    for (let i = 0, p = 0; i < n; i++) {
      const ai = alpha[i];
      const row = i * n;
      for (let j = 0; j < i; j++, p++) {
        const w = inverse[row + j] - ai * alpha[j];
        bySignal += w * smooth[p];
        pull[p] = w * slopes[p];
        if (trend > 0) byTrend += w * trendKernel[row + j];
      }
      const onDiagonal = inverse[row + i] - ai * ai;
      bySignal += onDiagonal / 2;
      byNoise += onDiagonal;
      if (trend > 0) byTrend += (onDiagonal / 2) * trendKernel[row + i];
    }
    for (let k = 0; k < d; k++) {
      const column = this.#differences[k];
      let sum = 0;
      for (let p = 0; p < pull.length; p++) sum += pull[p] * column[p];
      gradient[k] = (signal * sum) / Math.exp(2 * logs[k]);
    }
    gradient[d] = 2 * signal * bySignal;
    gradient[d + 1] = noise * byNoise;
    if (trend > 0) gradient[d + 2] = 2 * trend * byTrend;
    this.#priors.forEach(({ mean, sd }, k) => {
      const off = (logs[k] - mean) / sd;
      value += (off * off) / 2;
      gradient[k] = gradient[k] + off / sd;
    });
    return { value: Number.isFinite(value) ? value : Number.POSITIVE_INFINITY, gradient };
  }

  /** `A^-1 y` and the lower triangle of `A^-1` at the optimum. */
  solution(logs: Float64Array): { readonly alpha: Float64Array; readonly inverse: Float64Array } {
    const n = this.#n;
    const l = choleskyFactor(this.#covariance(logs).covariance, n);
    if (l === undefined) {
      throw new StageError('stage/bad-value', 'covariance: must be positive definite; rounding has made it indefinite');
    }
    return {
      alpha: solveUpperInPlace(l, n, solveLowerInPlace(l, n, this.y.slice())),
      inverse: inverseOfFactored(l, n),
    };
  }

  #covariance(logs: Float64Array) {
    const n = this.#n;
    const { d } = this;
    const signal = Math.exp(2 * logs[d]);
    const noise = Math.exp(2 * logs[d + 1]) + JITTER;
    const trend = this.size > d + 2 ? Math.exp(2 * logs[d + 2]) : 0;
    const pairs = (n * (n - 1)) / 2;
    const smooth = new Float64Array(pairs);
    const slopes = new Float64Array(pairs);
    const distances = new Float64Array(pairs);
    for (let k = 0; k < d; k++) {
      const inverseSquare = Math.exp(-2 * logs[k]);
      const column = this.#differences[k];
      for (let p = 0; p < pairs; p++) distances[p] = distances[p] + inverseSquare * column[p];
    }
    const covariance = new Float64Array(n * n);
    for (let i = 0, p = 0; i < n; i++) {
      for (let j = 0; j < i; j++, p++) {
        const r = Math.sqrt(5 * distances[p]);
        const decay = Math.exp(-r);
        const g = (1 + r + (r * r) / 3) * decay;
        smooth[p] = g;
        slopes[p] = (5 / 3) * (1 + r) * decay;
        covariance[i * n + j] = signal * g + (trend > 0 ? trend * this.#trendKernel[i * n + j] : 0);
      }
      covariance[i * n + i] = signal + noise + (trend > 0 ? trend * this.#trendKernel[i * n + i] : 0);
    }
    return { covariance, smooth, slopes, signal, noise, trend };
  }
}
