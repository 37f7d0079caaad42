import { count } from '@stepclock/model-file';
import * as v from 'valibot';
import { linearModelSchema, networkSchema } from '../model/regression-schemas.js';
import { knowsItsStages, listOf, stageNamesSchema, totalRuleSchema } from '../model/shared-schemas.js';
import { STAGE_MAP_METHODS } from './method.js';
import { byMix, byNetwork, byStages, byTotal, RECALIBRATION_SCHEMA, type Recalibration } from './recalibrate.js';
import { stageMapSchema } from './stage-map-schema.js';

const header = {
  schema: v.literal(RECALIBRATION_SCHEMA),
  samples: count,
  stages: stageNamesSchema,
  total: totalRuleSchema,
};

/** A recalibration, as its `toJSON` wrote it. */
export const recalibrationSchema = v.pipe(
  v.variant('method', [
    v.object({ ...header, method: v.picklist(STAGE_MAP_METHODS), maps: listOf(stageMapSchema) }),
    v.object({ ...header, method: v.literal('global-affine'), map: stageMapSchema }),
    v.object({ ...header, method: v.literal('stage-mix'), model: linearModelSchema }),
    v.object({ ...header, method: v.literal('fine-tuned'), networks: listOf(networkSchema) }),
  ]),
  v.check((json) => knowsItsStages(json), 'must have a total of its own stages'),
  v.check((json) => {
    const each = 'maps' in json ? json.maps : 'networks' in json ? json.networks : json.stages;
    return each.length === json.stages.length;
  }, 'must have a map or a network a stage'),
  v.transform((json): Recalibration => {
    const { samples, stages, total } = json;
    if ('map' in json) return byTotal(samples, stages, total, json.map);
    if ('model' in json) return byMix(samples, stages, total, json.model);
    if ('networks' in json) return byNetwork(samples, stages, total, json.networks);
    return byStages(json.method, samples, stages, total, json.maps);
  }),
);
