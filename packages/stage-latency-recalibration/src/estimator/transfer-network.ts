import { type MlpModel, modelFromJSON } from '@stepclock/regression';
import type { StageTable } from '../data/stage-table.js';
import { StageError } from '../stage-error.js';
import { trainNetwork } from './families/smooth-forms.js';
import type { StageEstimator } from './stage-estimator.js';

/**
 * The network that `fine-tuned` starts from: log ms of every stage over the estimator's own features, two layers of 64.
 *
 * @throws StageError as `StageEstimator.encode`
 */
export const trainTransferNetwork = (estimator: StageEstimator, source: StageTable, seed = 0): MlpModel =>
  trainNetwork(
    estimator.encode(source).scaled,
    source.stagesMs.map((ms) => ms.map(Math.log)),
    seed,
  );

/** @throws StageError `stage/bad-model` */
export const transferNetworkFromJSON = (value: unknown): MlpModel => {
  const model = modelFromJSON(value);
  if ('predictAll' in model) return model as MlpModel;
  throw new StageError('stage/bad-model', `network: must be an mlp; got ${model.kind}`);
};
