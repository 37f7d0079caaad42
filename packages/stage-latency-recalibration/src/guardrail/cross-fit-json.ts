import { type Recalibration, recalibrationFromJSON } from '../recalibration/recalibrate.js';
import { StageError } from '../stage-error.js';
import type { CrossFit } from './cross-fit.js';

/** A cross-fit as a plain object, so that bounds can be drawn later without the samples' knobs. */
export const crossFitJSON = (cross: CrossFit): object => ({
  folds: cross.folds.map(({ model, rows }) => ({ rows: [...rows], model: model.toJSON() })),
  ratios: [...cross.ratios],
  predicted_ms: [...cross.predictedMs],
});

/** @throws StageError `stage/bad-model` */
export const crossFitFromJSON = (value: unknown): CrossFit => {
  const json = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  const { folds, ratios, predicted_ms: predicted } = json;
  if (!Array.isArray(folds) || !Array.isArray(ratios) || !Array.isArray(predicted)) {
    throw new StageError('stage/bad-model', 'guardrail: must have folds, ratios and predicted_ms; got others');
  }
  return {
    folds: folds.map((fold: { readonly rows: number[]; readonly model: unknown }) => ({
      rows: fold.rows,
      model: recalibrationFromJSON(fold.model) satisfies Recalibration,
    })),
    ratios: Float64Array.from(ratios as number[]),
    predictedMs: Float64Array.from(predicted as number[]),
  };
};
