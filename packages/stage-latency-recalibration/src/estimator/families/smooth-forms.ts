import type { Minimum } from '@stepclock/numerics';
import {
  type FeatureTable,
  featureTable,
  type GaussianProcessModel,
  gaussianProcess,
  type MlpModel,
  multiOutputPerceptron,
} from '@stepclock/regression';
import type { FamilyFit, StagePredictor } from './family.js';

/** The Gaussian process family's predictor, with where its search ended for warm starts; one that was read has none. */
interface ProcessPredictor extends StagePredictor {
  readonly optimum: Minimum | undefined;
}

export const processPredictor = (process: GaussianProcessModel, optimum?: Minimum): ProcessPredictor => ({
  family: 'gaussian-process',
  optimum,
  predictMs: ({ scaled }) => process.predict(scaled).map(Math.exp),
  toJSON: () => ({ family: 'gaussian-process', process: process.parameters }),
});

/** A process of nearly the same rows is a few steps away. */
const NEAR_ITERATIONS = 6;

export const processForm: FamilyFit = ({ scaled }, stagesMs, { near }) =>
  stagesMs.map((ms, k) => {
    const neighbour = near?.[k];
    const optimum = neighbour !== undefined && isProcess(neighbour) ? neighbour.optimum : undefined;
    const fit = gaussianProcess(
      scaled,
      ms.map(Math.log),
      optimum === undefined ? {} : { near: optimum, maxIterations: NEAR_ITERATIONS },
    );
    return processPredictor(fit.model, fit.optimum);
  });

const isProcess = (predictor: StagePredictor): predictor is ProcessPredictor => predictor.family === 'gaussian-process';

/** One output of a network. */
interface NetworkPredictor extends StagePredictor {
  readonly network: MlpModel;
  readonly output: number;
}

export const networkPredictor = (
  family: 'mlp' | 'mlp-separate',
  network: MlpModel,
  output: number,
): NetworkPredictor => ({
  family,
  network,
  output,
  predictMs: ({ scaled }) => network.predictAll(scaled).columns[output].map(Math.exp),
  toJSON: () => ({ family, output, model: network.toJSON() }),
});

/**
 * How much work goes into networks. `full`: two layers of 64, fine-tuned on all samples at a time. `lean`: two layers of 32, batches of
 * at most 32: a tenth of the time, and less accurate.
 */
export type NetworkEffort = 'full' | 'lean';

/** Steps of Adam; as many as a full-batch training of 1200 epochs takes, or fewer. */
const SOURCE_STEPS: Readonly<Record<NetworkEffort, number>> = { full: 1200, lean: 500 };
const BATCH = 32;

/** Rectified layers on standardised logarithms. */
export const trainNetwork = (
  scaled: FeatureTable,
  logMs: readonly Float64Array[],
  seed: number,
  effort: NetworkEffort = 'full',
): MlpModel =>
  multiOutputPerceptron(
    scaled,
    featureTable(
      logMs.map((_, k) => `stage ${k}`),
      [...logMs],
    ),
    {
      hiddenLayers: effort === 'full' ? [64, 64] : [32, 32],
      activation: 'relu',
      learningRate: 3e-3,
      batchSize: BATCH,
      maxEpochs: Math.ceil(SOURCE_STEPS[effort] / Math.max(1, Math.ceil(scaled.length / BATCH))),
      patience: 40,
      l2: 1e-6,
      validationFraction: 0,
      seed,
    },
  ).model;

export const networkForm: FamilyFit = ({ scaled }, stagesMs, { seed }) => {
  const network = trainNetwork(
    scaled,
    stagesMs.map((ms) => ms.map(Math.log)),
    seed,
    'lean',
  );
  return stagesMs.map((_, k) => networkPredictor('mlp', network, k));
};

export const separateNetworksForm: FamilyFit = ({ scaled }, stagesMs, { seed }) =>
  stagesMs.map((ms) => networkPredictor('mlp-separate', trainNetwork(scaled, [ms.map(Math.log)], seed, 'lean'), 0));
