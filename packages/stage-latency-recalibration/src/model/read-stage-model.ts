import { jsonOfModelFile, type ModelFileKind, modelOfJson } from '@stepclock/model-file';
import * as v from 'valibot';
import { estimatorSchema } from '../estimator/estimator-schema.js';
import { crossFitSchema } from '../guardrail/cross-fit-schema.js';
import { recalibrationSchema } from '../recalibration/recalibration-schema.js';
import { figuresSchema } from './shared-schemas.js';
import type { StageModel } from './stage-model.js';

type StageFileKind = ModelFileKind<v.GenericSchema<unknown, StageModel>>;

const CODE = 'stage/bad-model';

/** What `stage train` writes. */
const ESTIMATOR: StageFileKind = {
  family: 'stepclock/stage-estimator',
  version: 1,
  code: CODE,
  described: "JSON, as 'stepclock stage train' or 'stepclock stage recalibrate' writes it",
  schema: v.pipe(
    estimatorSchema,
    v.transform((source): StageModel => ({ source })),
  ),
};

/** What `stage recalibrate` writes. */
const TRANSFER: StageFileKind = {
  family: 'stepclock/stage-transfer',
  version: 1,
  code: CODE,
  described: ESTIMATOR.described,
  schema: v.pipe(
    v.object({
      held_out_total: v.nullish(figuresSchema),
      source: estimatorSchema,
      recalibration: recalibrationSchema,
      guardrail: v.nullish(crossFitSchema),
    }),
    v.check(
      ({ source, recalibration, guardrail }) =>
        [recalibration, ...(guardrail?.folds ?? []).map(({ model }) => model)].every(
          ({ frame }) => frame.stageNames.join() === source.stageNames.join(),
        ),
      'must be of the stages of its source',
    ),
    v.transform(
      ({ source, recalibration, guardrail: cross }): StageModel => ({
        source,
        transfer: { recalibration, cross: cross ?? undefined },
      }),
    ),
  ),
};

/** The experiment's `e3_estimator_model.json`, with the source model of its first seed. */
const EXPERIMENT: StageFileKind = {
  family: 'stepclock/stage-experiment-estimator',
  version: 1,
  code: CODE,
  described: ESTIMATOR.described,
  schema: v.pipe(
    v.object({ model: estimatorSchema }),
    v.transform(({ model: source }): StageModel => ({ source })),
  ),
};

const KINDS = [ESTIMATOR, TRANSFER, EXPERIMENT];

/**
 * Reads a model that `stage train`, `stage recalibrate` or `stage experiment` wrote.
 *
 * @param text the file's content
 * @param file its name, for messages
 * @throws Fault `stage/bad-model` with the path of the field
 */
export const readStageModel = (text: string, file?: string): StageModel => {
  const json = jsonOfModelFile(text, ESTIMATOR, file);
  const schema = typeof json === 'object' && json !== null && 'schema' in json ? String(json.schema) : '';
  return modelOfJson(json, KINDS.find(({ family }) => schema.startsWith(`${family}@`)) ?? ESTIMATOR, file);
};
