import { count, positive } from '@stepclock/model-file';
import * as v from 'valibot';
import { linearModelSchema, networkSchema } from '../model/regression-schemas.js';
import { knowsItsStages, listOf, stageNamesSchema, totalRuleSchema } from '../model/shared-schemas.js';
import { METHODS } from './method.js';
import { byMix, byNetwork, byStages, byTotal, RECALIBRATION_SCHEMA, type Recalibration } from './recalibration.js';
import { stageMapSchema } from './stage-map-schema.js';

const fields = v.object({
  schema: v.literal(RECALIBRATION_SCHEMA),
  method: v.picklist(METHODS),
  samples: count,
  stages: stageNamesSchema,
  total: totalRuleSchema,
  ratio_range: v.optional(v.tuple([positive, positive], 'must be a pair of ratios')),
  maps: v.optional(listOf(stageMapSchema)),
  map: v.optional(stageMapSchema),
  model: v.optional(linearModelSchema),
  networks: v.optional(listOf(networkSchema)),
});

/** The recalibration that the parts of a file make up; undefined where they make up none. */
const recalibrationOf = (json: v.InferOutput<typeof fields>): Recalibration | undefined => {
  const { method, samples, stages: stageNames, total, ratio_range, maps, map, model, networks } = json;
  const [low, high] = ratio_range ?? [0, 0];
  const frame = { samples, stageNames, total, ...(ratio_range === undefined ? {} : { ratios: { low, high } }) };
  if (maps !== undefined) return maps.length === stageNames.length ? byStages(method, frame, maps) : undefined;
  if (map !== undefined) return byTotal(method, frame, map);
  if (model !== undefined) return byMix(frame, model, method);
  return networks?.length === stageNames.length ? byNetwork(frame, networks) : undefined;
};

/** A recalibration, as its `toJSON` wrote it. */
export const recalibrationSchema = v.pipe(
  fields,
  v.check((json) => knowsItsStages(json), 'must have a total of its own stages'),
  v.rawTransform(({ dataset, addIssue, NEVER }): Recalibration => {
    const found = recalibrationOf(dataset.value);
    if (found !== undefined) return found;
    addIssue({ message: 'must have a map or a network a stage, a map of the total, or a mix' });
    return NEVER;
  }),
);
