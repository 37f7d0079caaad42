import { featureTable, type MlpModel, multiOutputPerceptron, selectFeatures } from '@stepclock/regression';
import type { NetworkEffort } from '../estimator/families/smooth-forms.js';
import { stageSamples, type TransferSamples } from './samples.js';

/** Steps of Adam from the source's weights, for method C (`fine-tuned`). */
const STEPS = 300;
const LEARNING_RATE = 1e-3;
const BATCH = 32;

/** Trains the source's networks, one a stage, on with the target's samples. */
export const fineTuned = (
  networks: readonly MlpModel[],
  samples: TransferSamples,
  seed: number,
  effort: NetworkEffort,
): readonly MlpModel[] =>
  networks.map((network, k) => {
    const { y: ms } = stageSamples(samples, k);
    const batchSize = effort === 'full' ? ms.length : Math.min(BATCH, ms.length);
    const knobs = selectFeatures(samples.knobs, network.featureNames);
    return multiOutputPerceptron(knobs, featureTable(network.outputNames, [ms.map(Math.log)]), {
      warmStart: network,
      learningRate: LEARNING_RATE,
      batchSize,
      maxEpochs: Math.ceil(STEPS / Math.ceil(ms.length / batchSize)),
      patience: STEPS,
      validationFraction: 0,
      l2: 0,
      seed,
    }).model;
  });
