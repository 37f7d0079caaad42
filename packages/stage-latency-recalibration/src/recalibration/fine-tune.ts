import { featureTable, type MlpModel, modelFromJSON, multiOutputPerceptron } from '@stepclock/regression';
import { StageError } from '../stage-error.js';
import type { TransferSamples } from './samples.js';

/** Full-batch steps of Adam from the source's weights: the plan's C. */
const EPOCHS = 300;
const LEARNING_RATE = 1e-3;

/** Trains the source's network on with the target's samples. */
export const fineTuned = (network: MlpModel, samples: TransferSamples, seed: number): MlpModel =>
  multiOutputPerceptron(
    samples.knobs,
    featureTable(
      network.outputNames,
      samples.targetMs.map((ms) => ms.map(Math.log)),
    ),
    {
      warmStart: network,
      learningRate: LEARNING_RATE,
      batchSize: samples.targetTotalMs.length,
      maxEpochs: EPOCHS,
      patience: EPOCHS,
      validationFraction: 0,
      l2: 0,
      seed,
    },
  ).model;

/** @throws StageError `stage/bad-model` */
export const networkFromJSON = (value: unknown): MlpModel => {
  const model = modelFromJSON(value);
  if ('predictAll' in model) return model as MlpModel;
  throw new StageError('stage/bad-model', `network: must be an mlp; got ${model.kind}`);
};
