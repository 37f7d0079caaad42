import { seededRandom } from '@stepclock/numerics';
import { type Dataset, takeDatasetRows } from '../data/dataset.js';
import { standardisationOf, standardisedRows } from '../data/standardisation.js';
import { wholeNumberFrom } from '../model/option-checks.js';
import { trainingRangeOf } from '../model/training-range.js';
import { RegressionError } from '../regression-error.js';
import { type GaussianProcessModel, gaussianProcessModel } from './gaussian-process-model.js';
import type { Hyperparameters, KernelName } from './kernel.js';
import { factorise, type GpRows, likelihoodGradient } from './marginal-likelihood.js';
import { type Minimum, minimiseInBox } from './minimise.js';

export interface GaussianProcessOptions {
  /** Default matern-5/2: twice differentiable, which latencies are and a squared exponential overstates. */
  readonly kernel?: KernelName;
  /** Starting points of the search besides the standard one; default 2. */
  readonly restarts?: number;
  /** Default 0. */
  readonly seed?: number;
}

export interface GaussianProcessFit {
  readonly model: GaussianProcessModel;
  /** Log marginal likelihood of the standardised target at the hyperparameters found. */
  readonly logLikelihood: number;
  /** Whether the search from the best starting point ended at a maximum. */
  readonly converged: boolean;
  readonly iterations: number;
}

/** Time grows with the cube of the rows, memory with the square. */
export const MAX_GP_ROWS = 1000;

/** Of the logarithms, in standardised units: a length scale beyond 1000 sd means a feature that does not matter. */
const LENGTH_BOUNDS = [Math.log(1e-2), Math.log(1e3)] as const;
const SIGNAL_BOUNDS = [Math.log(1e-2), Math.log(1e2)] as const;
const NOISE_BOUNDS = [Math.log(1e-5), Math.log(3)] as const;

/**
 * Gaussian process regression with one length scale a feature (automatic relevance determination) and homoscedastic noise. The hyperparameters maximise
 * the marginal likelihood; predictions come with a variance. Inputs and target are standardised inside; for a positive target with relative noise
 * fit its logarithm. A row weight divides that row's noise variance.
 *
 * Reference: C. E. Rasmussen and C. K. I. Williams, "Gaussian Processes for Machine Learning" (2006), algorithm 2.1 and section 5.4.1.
 *
 * @throws RegressionError `regression/not-enough-rows` below 2 rows, `regression/bad-option` above 1000
 */
export const gaussianProcess = (data: Dataset, options: GaussianProcessOptions = {}): GaussianProcessFit => {
  const kernel = options.kernel ?? 'matern-5/2';
  const restarts = wholeNumberFrom(0, 'restarts', options.restarts ?? 2);
  const used = positiveRows(data);
  const n = used.target.length;
  if (!(n >= 2)) {
    throw new RegressionError('regression/not-enough-rows', `rows: a Gaussian process needs at least 2; got ${n}`, {
      value: n,
      expected: 'at least 2',
    });
  }
  if (!(n <= MAX_GP_ROWS)) {
    throw new RegressionError(
      'regression/bad-option',
      `rows: a Gaussian process takes at most ${MAX_GP_ROWS}; got ${n}`,
      {
        value: n,
        expected: `at most ${MAX_GP_ROWS}`,
      },
    );
  }
  const { columns } = used.features;
  const inputScales = columns.map(standardisationOf);
  const targetScale = standardisationOf(used.target);
  const rows: GpRows = {
    x: standardisedRows(columns, inputScales),
    y: standardisedRows([used.target], [targetScale]),
    weights: used.weights,
  };
  const best = mostLikely(rows, kernel, columns.length, restarts, options.seed ?? 0);
  const theta = hyperparametersOf(best.x);
  return {
    model: gaussianProcessModel(
      { kernel, theta, rows, inputScales, targetScale },
      trainingRangeOf(data.features, data.weights),
    ),
    logLikelihood: -best.value,
    converged: best.converged,
    iterations: best.iterations,
  };
};

const positiveRows = (data: Dataset): Dataset => {
  const { weights } = data;
  if (weights === undefined || weights.every((weight) => weight > 0)) return data;
  return takeDatasetRows(
    data,
    Int32Array.from(weights.keys()).filter((row) => weights[row] > 0),
  );
};

const hyperparametersOf = (logs: Float64Array): Hyperparameters => {
  const values = logs.map(Math.exp);
  const d = values.length - 2;
  return { lengthScales: values.slice(0, d), signalSd: values[d], noiseSd: values[d + 1] };
};

const mostLikely = (rows: GpRows, kernel: KernelName, d: number, restarts: number, seed: number): Minimum => {
  const bounds = [...Array.from({ length: d }, () => LENGTH_BOUNDS), SIGNAL_BOUNDS, NOISE_BOUNDS];
  const lower = Float64Array.from(bounds, ([low]) => low);
  const upper = Float64Array.from(bounds, ([, high]) => high);
  const negative = (logs: Float64Array) => {
    const theta = hyperparametersOf(logs);
    const factors = factorise(rows, kernel, theta);
    return factors
      ? { value: -factors.logLikelihood, gradient: likelihoodGradient(rows, kernel, theta, factors).map((g) => -g) }
      : { value: Number.POSITIVE_INFINITY, gradient: new Float64Array(logs.length) };
  };
  const random = seededRandom(seed, 'gaussian process');
  const standard = Float64Array.from(bounds, (_, k) => (k === d + 1 ? Math.log(0.1) : 0));
  const starts = [standard];
  for (let r = 0; r < restarts; r++) {
    starts.push(standard.map((log, k) => log + (k === d + 1 ? 4 : 2) * (random() - 0.5)));
  }
  return starts
    .map((start) => minimiseInBox(negative, start, lower, upper))
    .reduce((best, candidate) => (candidate.value < best.value ? candidate : best));
};
