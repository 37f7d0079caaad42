import { type FeatureTable, selectFeatures } from '../data/feature-table.js';
import { type Standardisation, standardisedRows } from '../data/standardisation.js';
import type { FittedModel } from '../model/fitted-model.js';
import { modelHeader, readModelHeader } from '../model/model-json.js';
import type { TrainingRange } from '../model/training-range.js';
import { RegressionError } from '../regression-error.js';
import { solveLower } from './cholesky.js';
import { correlation, type Hyperparameters, type KernelName } from './kernel.js';
import { factorise, type GpRows, squaredDistance } from './marginal-likelihood.js';

interface GpParts {
  readonly kernel: KernelName;
  readonly theta: Hyperparameters;
  readonly rows: GpRows;
  readonly inputScales: readonly Standardisation[];
  readonly targetScale: Standardisation;
}

export interface GpPrediction {
  /** In the target's unit, one a row. */
  readonly mean: Float64Array;
  /** Standard deviation of the function there: what more data would reduce. */
  readonly functionSd: Float64Array;
  /** Standard deviation of one more observation there: the noise included. */
  readonly observationSd: Float64Array;
}

export interface GaussianProcessModel extends FittedModel<'gaussian-process'> {
  readonly kernel: KernelName;
  /** In the unit of each feature, in the order of `featureNames`. */
  readonly lengthScales: Float64Array;
  /** In the target's unit. */
  readonly signalSd: number;
  readonly noiseSd: number;
  predictWithVariance(features: FeatureTable): GpPrediction;
}

export const gaussianProcessModel = (parts: GpParts, trainingRange: TrainingRange): GaussianProcessModel => {
  const { kernel, theta, rows, inputScales, targetScale } = parts;
  const featureNames = trainingRange.features.map(({ name }) => name);
  const factors = factorise(rows, kernel, theta);
  if (!factors) {
    throw new RegressionError(
      'regression/not-converged',
      'covariance: must be positive definite; rounding has made it indefinite',
      { expected: 'a positive definite covariance' },
    );
  }
  const n = rows.y.length;
  const covariances = (x: Float64Array, i: number): Float64Array =>
    Float64Array.from(
      rows.y,
      (_, j) => theta.signalSd ** 2 * correlation(kernel, squaredDistance(x, i, rows.x, j, theta.lengthScales)).g,
    );
  const meanAt = (k: Float64Array): number =>
    targetScale.mean + targetScale.sd * k.reduce((sum, value, j) => sum + value * factors.alpha[j], 0);
  const standardised = (features: FeatureTable) =>
    standardisedRows(selectFeatures(features, featureNames).columns, inputScales);

  return {
    kind: 'gaussian-process',
    featureNames,
    trainingRange,
    kernel,
    lengthScales: theta.lengthScales.map((scale, j) => scale * inputScales[j].sd),
    signalSd: theta.signalSd * targetScale.sd,
    noiseSd: theta.noiseSd * targetScale.sd,
    predict: (features) => {
      const x = standardised(features);
      return Float64Array.from({ length: features.length }, (_, i) => meanAt(covariances(x, i)));
    },
    predictWithVariance: (features) => {
      const x = standardised(features);
      const mean = new Float64Array(features.length);
      const functionSd = new Float64Array(features.length);
      const observationSd = new Float64Array(features.length);
      for (let i = 0; i < features.length; i++) {
        const k = covariances(x, i);
        const explained = solveLower(factors.lower, n, k).reduce((sum, v) => sum + v * v, 0);
        const variance = Math.max(0, theta.signalSd ** 2 - explained);
        mean[i] = meanAt(k);
        functionSd[i] = targetScale.sd * Math.sqrt(variance);
        observationSd[i] = targetScale.sd * Math.sqrt(variance + theta.noiseSd ** 2);
      }
      return { mean, functionSd, observationSd };
    },
    toJSON: () => ({
      ...modelHeader('gaussian-process', trainingRange),
      kernel,
      length_scales: [...theta.lengthScales],
      signal_sd: theta.signalSd,
      noise_sd: theta.noiseSd,
      input_scales: inputScales.map(({ mean, sd }) => ({ mean, sd })),
      target_scale: { mean: targetScale.mean, sd: targetScale.sd },
      x: [...rows.x],
      y: [...rows.y],
      weights: rows.weights ? [...rows.weights] : null,
    }),
  };
};

/** The factors are computed anew from the rows: the same numbers to the last bit. @throws RegressionError `regression/bad-model` */
export const gaussianProcessFromJSON = (value: unknown): GaussianProcessModel => {
  const { reader, trainingRange, featureNames } = readModelHeader(value, 'gaussian-process');
  const kernel = reader.string('kernel');
  if (kernel !== 'rbf' && kernel !== 'matern-3/2' && kernel !== 'matern-5/2') {
    throw reader.fault('kernel', 'must be "rbf", "matern-3/2" or "matern-5/2"');
  }
  const y = reader.numbers('y');
  const scale = reader.object('target_scale');
  const inputScales = reader.objects('input_scales').map((s) => ({ mean: s.number('mean'), sd: s.number('sd') }));
  if (inputScales.length !== featureNames.length)
    throw reader.fault('input_scales', `must have ${featureNames.length} entries`);
  return gaussianProcessModel(
    {
      kernel,
      theta: {
        lengthScales: reader.numbers('length_scales', featureNames.length),
        signalSd: reader.number('signal_sd'),
        noiseSd: reader.number('noise_sd'),
      },
      rows: {
        x: reader.numbers('x', y.length * featureNames.length),
        y,
        weights: reader.has('weights') ? reader.numbers('weights', y.length) : undefined,
      },
      inputScales,
      targetScale: { mean: scale.number('mean'), sd: scale.number('sd') },
    },
    trainingRange,
  );
};
