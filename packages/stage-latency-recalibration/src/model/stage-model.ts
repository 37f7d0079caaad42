import type { KnobTable } from '../data/stage-table.js';
import { knobValue } from '../estimator/feature-encoding.js';
import type { StageEstimator } from '../estimator/stage-estimator.js';
import type { CrossFit } from '../guardrail/cross-fit.js';
import { crossFitJSON } from '../guardrail/cross-fit-schema.js';
import { farFromSamples, ratioWarnings, sampledRangeWarnings } from '../recalibration/ratio-range.js';
import { byStages, type Recalibration, type TransferPrediction } from '../recalibration/recalibration.js';
import { transferInput } from '../recalibration/samples.js';
import { identityMap } from '../recalibration/stage-map.js';
import type { StageWarning } from '../stage-fault.js';

export const TRANSFER_SCHEMA = 'stepclock/stage-transfer@1';

/** What a model's file holds: a model of one GPU, or one carried to another. */
export interface StageModel {
  readonly source: StageEstimator;
  /** Of a model that was carried to another GPU: how, and what the samples say about it, where they were asked. */
  readonly transfer?: { readonly recalibration: Recalibration; readonly cross?: CrossFit | undefined } | undefined;
}

/** The recalibration of a model that was carried over; of one that was not, the one that changes nothing. */
export const recalibrationOf = ({ source, transfer }: StageModel): Recalibration => {
  const { stageNames, parts } = source;
  const frame = { samples: 0, stageNames, total: parts.total };
  return transfer?.recalibration ?? byStages('none', frame, stageNames.map(identityMap));
};

/** Times of configurations on the model's GPU, and which of them are not to be trusted. */
export interface StageTimes extends TransferPrediction {
  /** 1 for each row that is far from what the samples measured. */
  readonly far: Uint8Array;
  readonly warnings: readonly StageWarning[];
}

/**
 * Times of configurations on the model's GPU: the target's where the model was carried over.
 *
 * @param numbers of the rows, from 0, where they are some of a table's
 * @throws Fault as `StageEstimator.predict`
 */
export const predictStages = (model: StageModel, knobs: KnobTable, numbers?: Uint32Array): StageTimes => {
  const { warnings } = model.source.predict(knobs);
  const input = transferInput(model.source, knobs);
  const recalibration = recalibrationOf(model);
  const prediction = recalibration.predict(input);
  const far = farFromSamples(recalibration, input, prediction);
  const { encoding } = model.source.parts;
  const outside = sampledRangeWarnings(recalibration, input, (name, value) => knobValue(encoding, name, value));
  return { ...prediction, far, warnings: [...warnings, ...outside, ...ratioWarnings(recalibration, far, numbers)] };
};

/** What stands in the file of a model that was carried over, beside what its maker adds. */
export const transferJSON = (source: StageEstimator, recalibration: Recalibration, cross: CrossFit | undefined) => ({
  blend: recalibration.blend ?? null,
  source: source.toJSON(),
  recalibration: recalibration.toJSON(),
  guardrail: cross === undefined ? null : crossFitJSON(cross),
});
