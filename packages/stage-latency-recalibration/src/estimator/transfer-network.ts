import { type FeatureTable, type MlpModel, modelFromJSON, selectFeatures } from '@stepclock/regression';
import type { StageTable } from '../data/stage-table.js';
import { readingModel } from '../model-json.js';
import { StageError } from '../stage-error.js';
import { type NetworkEffort, trainNetwork } from './families/smooth-forms.js';
import { DERIVED_NAMES } from './feature-encoding.js';
import type { StageEstimator } from './stage-estimator.js';

/** The knobs alone: sizes that follow from them give a network with a few rows to tune on more ways to go wrong. */
const withoutDerived = (features: FeatureTable): FeatureTable =>
  selectFeatures(
    features,
    features.names.filter((name) => !DERIVED_NAMES.has(name)),
  );

/**
 * The networks that `fine-tuned` starts from, one a stage: log ms over the estimator's knobs.
 *
 * @throws StageError as `StageEstimator.encode`
 */
export const trainTransferNetworks = (
  estimator: StageEstimator,
  source: StageTable,
  seed = 0,
  effort: NetworkEffort = 'full',
): readonly MlpModel[] => {
  const scaled = withoutDerived(estimator.encode(source).scaled);
  return source.stagesMs.map((ms) => trainNetwork(scaled, [ms.map(Math.log)], seed, effort));
};

/** @throws StageError `stage/bad-model` */
export const transferNetworksFromJSON = (value: unknown): readonly MlpModel[] => {
  if (!Array.isArray(value)) throw new StageError('stage/bad-model', 'networks: must be a list, one a stage; got none');
  return value.map((entry) => {
    const model = readingModel(() => modelFromJSON(entry));
    if ('predictAll' in model) return model as MlpModel;
    throw new StageError('stage/bad-model', `network: must be an mlp; got ${model.kind}`);
  });
};
