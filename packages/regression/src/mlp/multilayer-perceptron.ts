import { seededRandom } from '@stepclock/numerics';
import { type Dataset, dataset } from '../data/dataset.js';
import { type FeatureTable, takeRows, takeValues } from '../data/feature-table.js';
import { type Standardisation, standardisationOf, standardisedRows } from '../data/standardisation.js';
import { fault } from '../fault.js';
import { above, belowOne, nonNegativeNumber, wholeNumberFrom } from '../model/option-checks.js';
import { trainingRangeOf } from '../model/training-range.js';
import { type MlpModel, mlpModel } from './mlp-model.js';
import { type Activation, initialParameters, type NetworkShape } from './network.js';
import { trainNetwork } from './train-network.js';

export interface MlpOptions {
  /** Units of each hidden layer, default [32, 32]. */
  readonly hiddenLayers?: readonly number[];
  /** Default tanh: what the models here are asked to learn is smooth. */
  readonly activation?: Activation;
  /** Adam's step, default 0.003. */
  readonly learningRate?: number;
  /** Rows a step, default 32. */
  readonly batchSize?: number;
  /** Default 500. */
  readonly maxEpochs?: number;
  /** Epochs without a better validation error before the learning rate falls; the third fall ends the training. Default 10. */
  readonly patience?: number;
  /** Share of the rows held back to stop by, below 1; default 0.1 from 50 rows on, else 0 (the training error is watched). */
  readonly validationFraction?: number;
  /** Pull of the weights towards zero, or towards those of `warmStart`; default 1e-5. */
  readonly l2?: number;
  /** A model to go on from (fine-tuning): its shape, scales and weights; the features and outputs must be the same. */
  readonly warmStart?: MlpModel;
  /** Default 0. */
  readonly seed?: number;
  /** Told after each epoch: the validation mean squared error in standardised targets. */
  readonly onEpoch?: (epoch: number, validationMse: number) => void;
}

export interface MlpFit {
  readonly model: MlpModel;
  readonly epochs: number;
  /** Whether training ended because the error stood still, rather than at `maxEpochs`. */
  readonly converged: boolean;
  /** Mean squared error of the rows stopped by, over the target's variance, averaged over the outputs. */
  readonly validationMse: number;
}

/** Rows below which holding some back costs more than it tells. */
const VALIDATION_FROM = 50;

/**
 * A small neural network, trained with Adam on standardised inputs and targets, with early stopping: the weights returned are the best met.
 *
 * @throws Fault `regression/bad-option`
 *
 * @example
 * const { model } = multilayerPerceptron(data, { hiddenLayers: [32, 32], seed: 1 });
 * const tuned = multilayerPerceptron(fewRows, { warmStart: model, learningRate: 3e-4, l2: 1e-3 });
 */
export const multilayerPerceptron = (data: Dataset, options: MlpOptions = {}): MlpFit =>
  multiOutputPerceptron(
    data.features,
    { length: data.features.length, names: ['target'], columns: [data.target] },
    {
      ...options,
      ...(data.weights ? { weights: data.weights } : {}),
    },
  );

/**
 * The same for several targets at once, one output each, in one network; each target weighs the same.
 *
 * @param allTargets as many rows as `allFeatures`
 * @throws Fault `regression/bad-option`, `regression/length-mismatch`, `regression/no-rows`
 */
export const multiOutputPerceptron = (
  allFeatures: FeatureTable,
  allTargets: FeatureTable,
  options: MlpOptions & { readonly weights?: Float64Array } = {},
): MlpFit => {
  for (const target of allTargets.columns) dataset(allFeatures, target, options.weights);
  if (allTargets.columns.length === 0 || allFeatures.columns.length === 0) {
    throw fault('regression/bad-option', { what: 'features, targets', rule: 'must have at least one column each' });
  }
  // Rows of weight 0 would still set the scales and stand among the rows stopped by.
  const kept = options.weights && Int32Array.from(options.weights.keys()).filter((row) => options.weights?.[row] !== 0);
  const features = kept ? takeRows(allFeatures, kept) : allFeatures;
  const targets = kept ? takeRows(allTargets, kept) : allTargets;
  const weights = kept && options.weights && takeValues(options.weights, kept);
  const { warmStart } = options;
  const rows = features.length;
  const random = seededRandom(options.seed ?? 0, 'mlp');
  const start = warmStart ? continued(warmStart, features, targets) : fresh(features, targets, options, random);
  const fraction = belowOne('validationFraction', options.validationFraction ?? (rows >= VALIDATION_FROM ? 0.1 : 0));
  const report = trainNetwork(
    start.shape,
    standardisedRows(features.columns, start.inputScales),
    standardisedRows(targets.columns, start.outputScales),
    weights && meanOne(weights),
    start.parameters,
    warmStart?.parts.parameters,
    {
      learningRate: above(0, 'learningRate', options.learningRate ?? 3e-3),
      batchSize: wholeNumberFrom(1, 'batchSize', options.batchSize ?? 32),
      maxEpochs: wholeNumberFrom(0, 'maxEpochs', options.maxEpochs ?? 500),
      patience: wholeNumberFrom(1, 'patience', options.patience ?? 10),
      l2: nonNegativeNumber('l2', options.l2 ?? 1e-5),
      validationFraction: fraction,
      random,
      onEpoch: options.onEpoch,
    },
  );
  return {
    model: mlpModel({ ...start, parameters: report.parameters }, trainingRangeOf(features)),
    epochs: report.epochs,
    converged: report.converged,
    validationMse: report.validationMse,
  };
};

const fresh = (features: FeatureTable, targets: FeatureTable, options: MlpOptions, random: () => number) => {
  const hidden = options.hiddenLayers ?? [32, 32];
  for (const units of hidden) wholeNumberFrom(1, 'hiddenLayers', units);
  const shape: NetworkShape = {
    sizes: [features.columns.length, ...hidden, targets.columns.length],
    activation: options.activation ?? 'tanh',
  };
  return {
    shape,
    parameters: initialParameters(shape, random),
    inputScales: features.columns.map(standardisationOf),
    outputScales: targets.columns.map(standardisationOf) as readonly Standardisation[],
    outputNames: targets.names,
  };
};

const continued = ({ featureNames, outputNames, parts }: MlpModel, features: FeatureTable, targets: FeatureTable) => {
  const same = (a: readonly string[], b: readonly string[]) =>
    a.length === b.length && a.every((name, i) => name === b[i]);
  if (!same(featureNames, features.names) || !same(outputNames, targets.names)) {
    throw fault('regression/bad-option', {
      what: 'warmStart',
      rule: `must have the same features and outputs (${featureNames.join(', ')} -> ${outputNames.join(', ')})`,
      value: `${features.names.join(', ')} -> ${targets.names.join(', ')}`,
    });
  }
  return parts;
};

const meanOne = (weights: Float64Array): Float64Array => {
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  return weights.map((weight) => weight / mean);
};
