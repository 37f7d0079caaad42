import { Fault } from '@stepclock/faults';
import { type Minimum, minimise } from '@stepclock/numerics';
import type { FeatureTable } from '../data/feature-table.js';
import { type Standardisation, standardisedRows } from '../data/standardisation.js';
import { trainingRangeOf } from '../model/training-range.js';
import { type GaussianProcessModel, gaussianProcessModel } from './gaussian-process-model.js';
import { inducingRows, projectedWeights } from './inducing-rows.js';
import { hyperparametersOf, type Trend } from './kernel.js';
import { Posterior } from './posterior.js';

export interface GaussianProcessOptions {
  /** Default none. */
  readonly trend?: Trend;
  /** Where the search for a process of nearly the same rows ended, to start from; one of other features or another trend is not used. */
  readonly near?: Minimum | undefined;
  /** Of the search for hyperparameters; default 100. */
  readonly maxIterations?: number;
}

export interface GaussianProcessFit {
  readonly model: GaussianProcessModel;
  /** Where the search for the logarithms of (lengths..., signal sd, noise sd[, trend sd]) ended, in standardised units. */
  readonly optimum: Minimum;
}

/** Up to this many rows all are conditioned on; time grows with their cube. */
export const EXACT_ROWS = 400;
/** Beyond, so many rows stand for all: their hyperparameters hold, and all rows together decide their weights. */
export const INDUCING_ROWS = 300;

/**
 * Gaussian process regression: Matern 5/2 with one length scale a feature, optionally over a quadratic trend, hyperparameters at the maximum
 * of likelihood times priors. With 10 rows and 8 features the likelihood alone would choose length scales by chance: the priors (log-normal;
 * lengths about sqrt(features) standard deviations, noise about a tenth of the spread) decide what the data cannot. Inputs and target are
 * standardised inside; for a positive target with relative noise fit its logarithm. Beyond 400 rows a projected process over 300 inducing
 * rows takes their place.
 *
 * C. E. Rasmussen and C. K. I. Williams, "Gaussian Processes for Machine Learning" (2006): algorithm 2.1, sections 2.7 (trend), 5.4.1
 * (gradient), 8.3.4 (projected process).
 *
 * @param features at least one column
 * @param target one value a row
 * @throws Fault `regression/not-enough-rows` below 2 rows, `regression/not-converged` where rounding leaves no covariance
 */
export const gaussianProcess = (
  features: FeatureTable,
  target: Float64Array,
  { trend = 'none', near, maxIterations = 100 }: GaussianProcessOptions = {},
): GaussianProcessFit => {
  const n = target.length;
  if (!(n >= 2)) {
    throw new Fault('regression/not-enough-rows', {
      what: 'rows of a Gaussian process',
      rule: 'must be at least 2',
      value: n,
    });
  }
  const scales = features.columns.map(scaleOf);
  const goal = scaleOf(target);
  const d = scales.length;
  const x = standardisedRows(features.columns, scales);
  const y = target.map((value) => (value - goal.mean) / goal.sd);
  const chosen = n > EXACT_ROWS ? inducingRows(x, d, INDUCING_ROWS) : undefined;
  const rows = chosen === undefined ? x : taken(x, d, chosen);
  const posterior = new Posterior(rows, chosen === undefined ? y : taken(y, 1, chosen), d, trend);
  const known = near?.x.length === posterior.size ? near : undefined;
  const optimum = minimise((logs) => posterior.evaluate(logs), known?.x ?? posterior.typical(), {
    maxIterations,
    inverseHessian: known?.inverseHessian,
    bounds: posterior.bounds(),
  });
  const alpha =
    chosen === undefined
      ? posterior.solution(optimum.x)
      : projectedWeights(rows, x, y, d, hyperparametersOf(optimum.x, d));
  if (alpha === undefined) {
    throw new Fault('regression/not-converged', {
      what: 'covariance',
      rule: 'must be positive definite; rounding has made it indefinite',
    });
  }
  const parameters = {
    trend,
    features: features.names.map((name, j) => ({ name, ...scales[j] })),
    target: goal,
    log_hyperparameters: [...optimum.x],
    rows: [...rows],
    alpha: [...alpha],
  };
  return { model: gaussianProcessModel(parameters, trainingRangeOf(features)), optimum };
};

/** The numbered rows, `width` values each. */
const taken = (values: Float64Array, width: number, rows: Uint32Array): Float64Array => {
  const out = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    out.set(values.subarray(row * width, (row + 1) * width), i * width);
  });
  return out;
};

/** A column whose movements are within the rounding of nine digits does not move. */
const scaleOf = (values: Float64Array): Standardisation => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const sd = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
  return { mean, sd: sd > 1e-9 * Math.max(1, Math.abs(mean)) ? sd : 1 };
};
