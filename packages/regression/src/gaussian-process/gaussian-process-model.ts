import { between, text } from '@stepclock/model-file';
import * as v from 'valibot';
import { type FeatureTable, selectFeatures } from '../data/feature-table.js';
import { standardisationSchema, standardisedRows } from '../data/standardisation.js';
import { finitePredictions } from '../model/finite-predictions.js';
import type { FittedModel } from '../model/fitted-model.js';
import { headerSchema, modelHeader, numbers } from '../model/model-header.js';
import { type TrainingRange, trainingRangeOf } from '../model/training-range.js';
import { crossCovariance, hyperparametersOf, TRENDS } from './kernel.js';

/** Logarithms of scales in standardised units: e^100 is no length. */
const log = between(-100, 100);
/** Bounds on what a file can make the reader do; a fit conditions on some hundred rows. */
const MOST_ROWS = 10_000;
const MOST_NUMBERS = 1_000_000;

const parameters = {
  trend: v.picklist(TRENDS, `must be one of ${TRENDS.join(', ')}`),
  features: v.array(v.object({ name: text(1000), ...standardisationSchema.entries })),
  target: standardisationSchema,
  /** Logarithms of (lengths..., signal sd, noise sd[, trend sd]). */
  log_hyperparameters: v.array(log),
  /** Rows that were conditioned on, or that stand for those, features wide. */
  rows: numbers(MOST_NUMBERS),
  /** Weight of each of those rows. */
  alpha: numbers(MOST_ROWS),
};

/** The lengths of a process's arrays fit each other. */
const ofEqualLengths = <T extends GaussianProcessParameters>() =>
  v.rawCheck<T>(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const input = dataset.value;
    const { trend, features, log_hyperparameters, rows, alpha } = input;
    const hyperparameters = features.length + (trend === 'quadratic' ? 3 : 2);
    const complain = (key: string, value: readonly number[], most: number): void => {
      if (value.length === most) return;
      addIssue({ message: `must be ${most} numbers`, path: [{ type: 'object', origin: 'value', input, key, value }] });
    };
    complain('log_hyperparameters', log_hyperparameters, hyperparameters);
    complain('rows', rows, alpha.length * features.length);
  });

/** A process as plain numbers: all that a prediction needs. Everything is standardised except the scales. */
export type GaussianProcessParameters = v.InferOutput<v.ObjectSchema<typeof parameters, undefined>>;

/** The JSON of a process's parameters alone. */
export const gaussianProcessParametersSchema = v.pipe(v.object(parameters), ofEqualLengths());

/** The JSON of a process. */
export const gaussianProcessSchema = v.pipe(
  v.object({ ...headerSchema('gaussian-process'), ...parameters }),
  ofEqualLengths(),
);

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
      const predicted = Float64Array.from({ length: features.length }, (_, i) => {
        const covariances = crossCovariance(x.subarray(i * d, (i + 1) * d), rows, d, theta);
        return target.mean + target.sd * covariances.reduce((sum, value, j) => sum + alpha[j] * value, 0);
      });
      return finitePredictions(predicted);
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

/** A process from parameters that {@link gaussianProcessParametersSchema} has seen. */
export const gaussianProcessOf = (parameters: GaussianProcessParameters): GaussianProcessModel =>
  gaussianProcessModel(parameters, rangeOf(parameters));

/** A process from its JSON. */
export const gaussianProcessFrom = ({
  schema: _,
  kind: __,
  training_range,
  ...parameters
}: v.InferOutput<typeof gaussianProcessSchema>): GaussianProcessModel =>
  gaussianProcessModel(parameters, training_range);
