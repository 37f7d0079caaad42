import { type FeatureTable, type MlpModel, selectFeatures } from '@stepclock/regression';
import type { StageTable } from '../data/stage-table.js';
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
 * @throws Fault as `StageEstimator.encode`
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
