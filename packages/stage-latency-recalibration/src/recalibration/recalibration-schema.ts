import { between, count, positive, text } from '@stepclock/model-file';
import * as v from 'valibot';
import { linearModelSchema, networkSchema } from '../model/regression-schemas.js';
import { knowsItsStages, listOf, stageNamesSchema, totalRuleSchema } from '../model/shared-schemas.js';
import { METHODS } from './method.js';
import {
  byMix,
  byNetwork,
  byStages,
  byTotal,
  type RatioRange,
  RECALIBRATION_SCHEMA,
  type Recalibration,
  type TransferFrame,
} from './recalibration.js';
import { stageMapSchema } from './stage-map-schema.js';

const ratioRange = v.pipe(
  v.tuple([positive, positive], 'must be a pair of ratios'),
  v.transform(([low, high]): RatioRange => ({ low, high })),
);

/** No knob of a target lies farther from those of the source, in standard deviations, and is still a knob. */
const standardised = between(-1e3, 1e3);

const fields = v.object({
  schema: v.literal(RECALIBRATION_SCHEMA),
  method: v.picklist(METHODS),
  samples: count,
  stages: stageNamesSchema,
  total: totalRuleSchema,
  ratio_range: v.optional(ratioRange),
  stage_ratio_ranges: v.optional(listOf(ratioRange)),
  sampled_knobs: v.optional(listOf(v.object({ name: text(200), low: standardised, high: standardised }))),
  maps: v.optional(listOf(stageMapSchema)),
  map: v.optional(stageMapSchema),
  model: v.optional(linearModelSchema),
  networks: v.optional(listOf(networkSchema)),
});

/** The recalibration that the parts of a file make up; undefined where they make up none. */
const recalibrationOf = (json: v.InferOutput<typeof fields>): Recalibration | undefined => {
  const { method, samples, stages: stageNames, total, maps, map, model, networks } = json;
  const { ratio_range: ratios, stage_ratio_ranges: stageRatios, sampled_knobs: sampledKnobs } = json;
  const frame: TransferFrame = { samples, stageNames, total, ratios, stageRatios, sampledKnobs };
  if (maps !== undefined) return maps.length === stageNames.length ? byStages(method, frame, maps) : undefined;
  if (map !== undefined) return byTotal(method, frame, map);
  if (model !== undefined) return byMix(frame, model, method);
  return networks?.length === stageNames.length ? byNetwork(frame, networks) : undefined;
};

/** A recalibration, as its `toJSON` wrote it. */
export const recalibrationSchema = v.pipe(
  fields,
  v.check((json) => knowsItsStages(json), 'must have a total of its own stages'),
  v.check(
    ({ stages, stage_ratio_ranges: ranges }) => ranges === undefined || ranges.length === stages.length,
    'must have a range of ratios a stage',
  ),
  v.rawTransform(({ dataset, addIssue, NEVER }): Recalibration => {
    const found = recalibrationOf(dataset.value);
    if (found !== undefined) return found;
    addIssue({ message: 'must have a map or a network a stage, a map of the total, or a mix' });
    return NEVER;
  }),
);
