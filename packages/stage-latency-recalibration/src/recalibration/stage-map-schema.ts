import { between, finite, positive, text } from '@stepclock/model-file';
import * as v from 'valibot';
import { linearModelSchema, processSchema } from '../model/regression-schemas.js';
import { listOf } from '../model/shared-schemas.js';
import { affineMap, blendMap, identityMap, powerMap, ratioMap, type StageMap } from './stage-map.js';

const simpleKinds = [
  v.object({ kind: v.literal('identity') }),
  v.object({ kind: v.literal('affine'), slope: finite, intercept_ms: finite, floor_ms: positive }),
  v.object({ kind: v.literal('power'), power: finite, log_factor: finite }),
  v.pipe(
    v.object({
      kind: v.literal('ratio'),
      low: finite,
      high: finite,
      process: v.optional(processSchema),
      model: v.optional(linearModelSchema),
    }),
    v.check(({ low, high }) => low <= high, 'must have low at or below high'),
    v.check(({ process, model }) => (process ?? model) !== undefined, 'must have a process or a model'),
  ),
] as const;

const simpleSchema = v.variant('kind', simpleKinds);

const blend = v.object({
  kind: v.literal('blend'),
  parts: v.pipe(
    listOf(v.object({ candidate: text(200), weight: between(0, 1), map: simpleSchema })),
    v.check(
      (parts) => Math.abs(parts.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-6,
      'must have weights that add up to 1',
    ),
  ),
});

const simpleMap = (json: v.InferOutput<typeof simpleSchema>): StageMap => {
  switch (json.kind) {
    case 'identity':
      return identityMap();
    case 'affine':
      return affineMap(json);
    case 'power':
      return powerMap(json);
    case 'ratio': {
      const { kind, low, high, process, model } = json;
      if (process !== undefined) return ratioMap({ kind, low, high }, process, { process: process.parameters });
      return model === undefined ? identityMap() : ratioMap({ kind, low, high }, model, { model: model.toJSON() });
    }
  }
};

/** A stage's map, as its `toJSON` wrote it. Blends are of simple maps. */
export const stageMapSchema = v.pipe(
  v.variant('kind', [...simpleKinds, blend]),
  v.transform((json): StageMap => {
    if (json.kind !== 'blend') return simpleMap(json);
    return blendMap(json.parts.map(({ candidate, weight, map }) => ({ candidate, weight, map: simpleMap(map) })));
  }),
);
