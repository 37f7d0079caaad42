import { featureTable, type MlpModel, multiOutputPerceptron } from '@stepclock/regression';
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
