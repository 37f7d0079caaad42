import { type FeatureTable, selectFeatures } from '../data/feature-table.js';
import { type Standardisation, standardisedRows } from '../data/standardisation.js';
import type { FittedModel } from '../model/fitted-model.js';
import { JsonReader, modelHeader, readModelHeader } from '../model/model-json.js';
import { type TrainingRange, trainingRangeOf } from '../model/training-range.js';
import { crossCovariance, hyperparametersOf, TRENDS, type Trend } from './kernel.js';

/** A process as plain numbers: all that a prediction needs. Everything is standardised except the scales. */
export interface GaussianProcessParameters {
  readonly trend: Trend;
  readonly features: readonly { readonly name: string; readonly mean: number; readonly sd: number }[];
  readonly target: { readonly mean: number; readonly sd: number };
  /** Logarithms of (lengths..., signal sd, noise sd[, trend sd]). */
  readonly log_hyperparameters: readonly number[];
  /** Rows that were conditioned on, or that stand for those, features wide. */
  readonly rows: readonly number[];
  /** Weight of each of those rows. */
  readonly alpha: readonly number[];
}

export interface GaussianProcessModel extends FittedModel<'gaussian-process'> {
  readonly parameters: GaussianProcessParameters;
}

export const gaussianProcessModel = (
  parameters: GaussianProcessParameters,
  trainingRange: TrainingRange,
): GaussianProcessModel => {
  const { features: scales, target } = parameters;
  const featureNames = scales.map(({ name }) => name);
  const d = scales.length;
  const rows = Float64Array.from(parameters.rows);
  const alpha = Float64Array.from(parameters.alpha);
  const theta = hyperparametersOf(parameters.log_hyperparameters, d);
  return {
    kind: 'gaussian-process',
    featureNames,
    trainingRange,
    parameters,
    predict: (features: FeatureTable) => {
      const x = standardisedRows(selectFeatures(features, featureNames).columns, scales);
      return Float64Array.from({ length: features.length }, (_, i) => {
        const covariances = crossCovariance(x.subarray(i * d, (i + 1) * d), rows, d, theta);
        return target.mean + target.sd * covariances.reduce((sum, value, j) => sum + alpha[j] * value, 0);
      });
    },
    toJSON: () => ({ ...modelHeader('gaussian-process', trainingRange), ...parameters }),
  };
};

/** The training rows' box, from the rows themselves. */
const rangeOf = ({ features, rows, alpha }: GaussianProcessParameters): TrainingRange => {
  const d = features.length;
  const columns = features.map(({ mean, sd }, k) => Float64Array.from(alpha, (_, i) => mean + sd * rows[i * d + k]));
  return trainingRangeOf({ length: alpha.length, names: features.map(({ name }) => name), columns });
};

/**
 * A process from its parameters.
 *
 * @throws Fault `regression/bad-model`
 */
export const gaussianProcessOf = (value: unknown): GaussianProcessModel => {
  const parameters = parametersFrom(JsonReader.of(value, 'process'));
  return gaussianProcessModel(parameters, rangeOf(parameters));
};

/** @throws Fault `regression/bad-model` */
export const gaussianProcessFromJSON = (value: unknown): GaussianProcessModel => {
  const { reader, trainingRange } = readModelHeader(value, 'gaussian-process');
  return gaussianProcessModel(parametersFrom(reader), trainingRange);
};

const parametersFrom = (json: JsonReader): GaussianProcessParameters => {
  const trend = TRENDS.find((known) => known === json.raw('trend'));
  if (trend === undefined) throw json.fault('trend', `must be one of ${TRENDS.join(', ')}`);
  const features = json.objects('features').map((entry) => ({ name: entry.string('name'), ...scaleFrom(entry) }));
  const d = features.length;
  const alpha = [...json.numbers('alpha')];
  return {
    trend,
    features,
    target: scaleFrom(json.object('target')),
    log_hyperparameters: [...json.numbers('log_hyperparameters', d + (trend === 'quadratic' ? 3 : 2))],
    rows: [...json.numbers('rows', alpha.length * d)],
    alpha,
  };
};

const scaleFrom = (json: JsonReader): Standardisation => {
  const scale = { mean: json.number('mean'), sd: json.number('sd') };
  if (!(scale.sd > 0)) throw json.fault('sd', 'must be above 0');
  return scale;
};
