import {
  choleskyFactor,
  type Evaluation,
  inverseOfFactored,
  solveLowerInPlace,
  solveUpperInPlace,
} from '@stepclock/numerics';
import { hyperparametersOf, matern, maternSlope, quadraticKernel, type Trend } from './kernel.js';

/** How far from a prior's mean a hyperparameter is looked for, in the prior's standard deviations: beyond, exponentials overflow. */
const REACH = 20;

/** Minus the logarithm of likelihood times priors, as a function of the logarithms of (lengths..., signal sd, noise sd[, trend sd]). */
export class Posterior {
  /** How many hyperparameters. */
  readonly size: number;
  readonly #n: number;
  readonly #priors: readonly { readonly mean: number; readonly sd: number }[];
  /** Squared differences of the pairs i > j, feature by feature. */
  readonly #differences: readonly Float64Array[];
  /** The trend's kernel of the pairs i >= j, row by row; empty without a trend. */
  readonly #trendKernel: Float64Array;

  /** @param x standardised, d features wide, row by row @param y standardised, one a row */
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
        this.#trendKernel[i * n + j] = quadraticKernel(product, d);
      }
    }
  }

  /** The priors' means. */
  typical(): Float64Array {
    return Float64Array.from(this.#priors, ({ mean }) => mean);
  }

  /** The box in which an optimum is looked for. */
  bounds(): { readonly lower: Float64Array; readonly upper: Float64Array } {
    return {
      lower: Float64Array.from(this.#priors, ({ mean, sd }) => mean - REACH * sd),
      upper: Float64Array.from(this.#priors, ({ mean, sd }) => mean + REACH * sd),
    };
  }

  evaluate(logs: Float64Array): Evaluation {
    const n = this.#n;
    const { d } = this;
    const gradient = new Float64Array(this.size);
    const { covariance, smooth, slopes, signal, noise, trend } = this.#covariance(logs);
    const l = choleskyFactor(covariance, n);
    if (l === undefined) return { value: Number.POSITIVE_INFINITY, gradient };
    const inverse = inverseOfFactored(l, n);
    const alpha = this.#solve(l);
    let value = 0;
    for (let i = 0; i < n; i++) value += (this.y[i] * alpha[i]) / 2 + Math.log(l[i * n + i]);
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
      gradient[k] += off / sd;
    });
    return { value: Number.isFinite(value) ? value : Number.POSITIVE_INFINITY, gradient };
  }

  /** `A^-1 y` there; undefined where rounding has made the covariance A indefinite. */
  solution(logs: Float64Array): Float64Array | undefined {
    const l = choleskyFactor(this.#covariance(logs).covariance, this.#n);
    return l === undefined ? undefined : this.#solve(l);
  }

  #solve(l: Float64Array): Float64Array {
    return solveUpperInPlace(l, this.#n, solveLowerInPlace(l, this.#n, this.y.slice()));
  }

  /** As `crossCovariance` of the rows with themselves plus the noise, from what was computed once; and the kernel's parts, pair by pair. */
  #covariance(logs: Float64Array) {
    const n = this.#n;
    const { d } = this;
    const { signal, noise, trend } = hyperparametersOf(logs, d);
    const pairs = (n * (n - 1)) / 2;
    const smooth = new Float64Array(pairs);
    const slopes = new Float64Array(pairs);
    const distances = new Float64Array(pairs);
    for (let k = 0; k < d; k++) {
      const inverseSquare = Math.exp(-2 * logs[k]);
      const column = this.#differences[k];
      for (let p = 0; p < pairs; p++) distances[p] += inverseSquare * column[p];
    }
    const covariance = new Float64Array(n * n);
    for (let i = 0, p = 0; i < n; i++) {
      for (let j = 0; j < i; j++, p++) {
        const r = Math.sqrt(5 * distances[p]);
        const decay = Math.exp(-r);
        smooth[p] = matern(r, decay);
        slopes[p] = maternSlope(r, decay);
        covariance[i * n + j] = signal * smooth[p] + (trend > 0 ? trend * this.#trendKernel[i * n + j] : 0);
      }
      covariance[i * n + i] = signal + noise + (trend > 0 ? trend * this.#trendKernel[i * n + i] : 0);
    }
    return { covariance, smooth, slopes, signal, noise, trend };
  }
}
