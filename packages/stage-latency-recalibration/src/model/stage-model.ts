import type { KnobTable } from '../data/stage-table.js';
import type { StageEstimator } from '../estimator/stage-estimator.js';
import type { CrossFit } from '../guardrail/cross-fit.js';
import { byStages, type Recalibration, type TransferPrediction } from '../recalibration/recalibrate.js';
import { transferInput } from '../recalibration/samples.js';
import { identityMap } from '../recalibration/stage-map.js';
import type { StageWarning } from '../stage-fault.js';

/** What a model's file holds: a model of one GPU, or one carried to another. */
export interface StageModel {
  readonly source: StageEstimator;
  /** Of a model that was carried to another GPU: how, and what the samples say about it. */
  readonly transfer?: { readonly recalibration: Recalibration; readonly cross: CrossFit } | undefined;
}

/** The recalibration of a model that was carried over; of one that was not, the one that changes nothing. */
export const recalibrationOf = ({ source, transfer }: StageModel): Recalibration => {
  const { stageNames, parts } = source;
  return transfer?.recalibration ?? byStages('none', 0, stageNames, parts.total, stageNames.map(identityMap));
};

/**
 * Times of configurations on the model's GPU: the target's where the model was carried over.
 *
 * @throws Fault as `StageEstimator.predict`
 */
export const predictStages = (
  model: StageModel,
  knobs: KnobTable,
): TransferPrediction & { readonly warnings: readonly StageWarning[] } => {
  const { warnings } = model.source.predict(knobs);
  return { ...recalibrationOf(model).predict(transferInput(model.source, knobs)), warnings };
};
