import { between, count, positive } from '@stepclock/model-file';
import * as v from 'valibot';
import { listOf } from '../model/shared-schemas.js';
import { recalibrationSchema } from '../recalibration/recalibration-schema.js';
import type { CrossFit } from './cross-fit.js';

/** No measurement is a billion times what a model says. */
const MOST_RATIO = 1e9;

/** A cross-fit as a plain object, so that bounds can be drawn later without the samples' knobs. */
export const crossFitJSON = (cross: CrossFit): object => ({
  folds: cross.folds.map(({ model, rows }) => ({ rows: [...rows], model: model.toJSON() })),
  ratios: [...cross.ratios],
  predicted_ms: [...cross.predictedMs],
});

/** A cross-fit, as {@link crossFitJSON} wrote it: every sample is in the rows of one fold. */
export const crossFitSchema = v.pipe(
  v.object({
    folds: listOf(v.object({ rows: listOf(count), model: recalibrationSchema })),
    ratios: listOf(between(1 / MOST_RATIO, MOST_RATIO)),
    predicted_ms: listOf(positive),
  }),
  v.check(({ folds, ratios, predicted_ms }) => {
    const rows = folds.flatMap((fold) => fold.rows).sort((a, b) => a - b);
    return rows.length === ratios.length && predicted_ms.length === ratios.length && rows.every((row, i) => row === i);
  }, 'must hold every sample in one of the folds, and a ratio and a prediction for each'),
  v.transform(
    ({ folds, ratios, predicted_ms }): CrossFit => ({
      folds,
      ratios: Float64Array.from(ratios),
      predictedMs: Float64Array.from(predicted_ms),
    }),
  ),
);
