import { type FeatureTable, selectFeatures } from '../data/feature-table.js';
import { type Standardisation, standardisedRows } from '../data/standardisation.js';
import { fault } from '../fault.js';
import type { FittedModel } from '../model/fitted-model.js';
import { type JsonReader, modelHeader, readModelHeader } from '../model/model-json.js';
import type { TrainingRange } from '../model/training-range.js';
import { type Activation, forward, makeWorkspace, type NetworkShape, parameterCount } from './network.js';

/** What a trained network consists of. */
export interface MlpParts {
  readonly shape: NetworkShape;
  readonly parameters: Float64Array;
  readonly inputScales: readonly Standardisation[];
  readonly outputScales: readonly Standardisation[];
  readonly outputNames: readonly string[];
}

export interface MlpModel extends FittedModel<'mlp'> {
  readonly outputNames: readonly string[];
  /** What `warmStart` continues from. */
  readonly parts: MlpParts;
  /** One table column an output. `predict` gives the only output; it throws when there are several. */
  predictAll(features: FeatureTable): FeatureTable;
}

/** Rows predicted at a time: the activations of one layer then stay in the cache. */
const BLOCK = 256;

export const mlpModel = (parts: MlpParts, trainingRange: TrainingRange): MlpModel => {
  const { shape, parameters, inputScales, outputScales, outputNames } = parts;
  const featureNames = trainingRange.features.map(({ name }) => name);

  const predictAll = (features: FeatureTable): FeatureTable => {
    const { columns, length } = selectFeatures(features, featureNames);
    const x = standardisedRows(columns, inputScales);
    const outputs = outputNames.map(() => new Float64Array(length));
    const workspace = makeWorkspace(shape, BLOCK);
    const width = columns.length;
    for (let from = 0; from < length; from += BLOCK) {
      const rows = Math.min(BLOCK, length - from);
      workspace.activations[0].set(x.subarray(from * width, (from + rows) * width));
      const values = forward(shape, parameters, workspace, rows);
      outputs.forEach((output, k) => {
        const { mean, sd } = outputScales[k];
        for (let row = 0; row < rows; row++) {
          output[from + row] = mean + sd * values[row * outputs.length + k];
        }
      });
    }
    return { length, names: outputNames, columns: outputs };
  };

  return {
    kind: 'mlp',
    featureNames,
    trainingRange,
    outputNames,
    parts,
    predictAll,
    predict: (features) => {
      const [only, ...others] = predictAll(features).columns;
      if (only === undefined || others.length > 0) {
        throw fault('regression/bad-option', {
          what: 'predict',
          rule: 'must be asked of a network with one output',
          value: outputNames.length,
          hint: 'predictAll gives them all',
        });
      }
      return only;
    },
    toJSON: () => ({
      ...modelHeader('mlp', trainingRange),
      activation: shape.activation,
      sizes: [...shape.sizes],
      output_names: [...outputNames],
      input_scales: inputScales.map(({ mean, sd }) => ({ mean, sd })),
      output_scales: outputScales.map(({ mean, sd }) => ({ mean, sd })),
      parameters: [...parameters],
    }),
  };
};

/** @throws Fault `regression/bad-model` */
export const mlpFromJSON = (value: unknown): MlpModel => {
  const { reader, trainingRange, featureNames } = readModelHeader(value, 'mlp');
  const outputNames = reader.strings('output_names');
  const sizes = [...reader.numbers('sizes')];
  const whole = sizes.length >= 2 && sizes.every((size) => Number.isSafeInteger(size) && size >= 1);
  if (!whole || sizes[0] !== featureNames.length || sizes[sizes.length - 1] !== outputNames.length) {
    throw reader.fault('sizes', `must be layer sizes from ${featureNames.length} to ${outputNames.length}`);
  }
  const shape: NetworkShape = { sizes, activation: readActivation(reader) };
  const parts: MlpParts = {
    shape,
    parameters: reader.numbers('parameters', parameterCount(shape)),
    inputScales: readScales(reader, 'input_scales', featureNames.length),
    outputScales: readScales(reader, 'output_scales', outputNames.length),
    outputNames,
  };
  return mlpModel(parts, trainingRange);
};

const readActivation = (reader: JsonReader): Activation => {
  const activation = reader.string('activation');
  if (activation === 'relu' || activation === 'tanh') return activation;
  throw reader.fault('activation', 'must be "relu" or "tanh"');
};

const readScales = (reader: JsonReader, key: string, count: number): Standardisation[] => {
  const scales = reader.objects(key).map((scale) => ({ mean: scale.number('mean'), sd: scale.number('sd') }));
  if (scales.length !== count) throw reader.fault(key, `must have ${count} entries`);
  return scales;
};
