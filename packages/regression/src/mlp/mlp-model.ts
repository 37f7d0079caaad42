import { between, text } from '@stepclock/model-file';
import * as v from 'valibot';
import { type FeatureTable, selectFeatures } from '../data/feature-table.js';
import { type Standardisation, standardisationSchema, standardisedRows } from '../data/standardisation.js';
import { fault } from '../fault.js';
import { finitePredictions } from '../model/finite-predictions.js';
import type { FittedModel } from '../model/fitted-model.js';
import { headerSchema, modelHeader, numbers } from '../model/model-header.js';
import type { TrainingRange } from '../model/training-range.js';
import { ACTIVATIONS, forward, makeWorkspace, type NetworkShape, parameterCount } from './network.js';

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
    return { length, names: outputNames, columns: outputs.map(finitePredictions) };
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

/** Bounds on what a file can make the reader do. */
const MOST_LAYERS = 100;
const MOST_UNITS = 100_000;
const MOST_PARAMETERS = 100_000_000;

const units = v.pipe(between(1, MOST_UNITS), v.integer(`must be a whole number from 1 to ${MOST_UNITS}`));

/** The JSON of a network. */
export const mlpSchema = v.pipe(
  v.object({
    ...headerSchema('mlp'),
    activation: v.picklist(ACTIVATIONS, 'must be "relu" or "tanh"'),
    sizes: v.pipe(
      v.array(units, 'must be an array of numbers'),
      v.minLength(2, 'must be 2 layers at least'),
      v.maxLength(MOST_LAYERS, `must be at most ${MOST_LAYERS} layers`),
    ),
    output_names: v.array(text(1000)),
    input_scales: v.array(standardisationSchema),
    output_scales: v.array(standardisationSchema),
    parameters: numbers(MOST_PARAMETERS),
  }),
  v.forward(
    v.check(
      ({ sizes, training_range: { features }, output_names }) =>
        sizes[0] === features.length && sizes.at(-1) === output_names.length,
      'must lead from the features to the outputs',
    ),
    ['sizes'],
  ),
  v.forward(
    v.check(({ input_scales, sizes }) => input_scales.length === sizes[0], 'must be one a feature'),
    ['input_scales'],
  ),
  v.forward(
    v.check(({ output_scales, sizes }) => output_scales.length === sizes.at(-1), 'must be one an output'),
    ['output_scales'],
  ),
  v.forward(
    v.check(
      ({ parameters, ...shape }) => parameters.length === parameterCount(shape),
      'must be as many as sizes ask for',
    ),
    ['parameters'],
  ),
);

/** A network from its JSON. */
export const mlpOf = (json: v.InferOutput<typeof mlpSchema>): MlpModel =>
  mlpModel(
    {
      shape: { sizes: json.sizes, activation: json.activation },
      parameters: Float64Array.from(json.parameters),
      inputScales: json.input_scales,
      outputScales: json.output_scales,
      outputNames: json.output_names,
    },
    json.training_range,
  );
