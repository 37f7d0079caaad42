import { count, nonNegative } from '@stepclock/model-file';
import * as v from 'valibot';
import { linearModelSchema, networkSchema, processSchema } from '../../model/regression-schemas.js';
import type { StagePredictor } from './family.js';
import { linearPredictor } from './linear-forms.js';
import { networkPredictor, processPredictor } from './smooth-forms.js';

/** One stage's predictor, as its `toJSON` wrote it. */
export const predictorSchema = v.pipe(
  v.variant('family', [
    v.object({
      family: v.picklist(['linear', 'polynomial', 'log-polynomial', 'physics']),
      floor_ms: nonNegative,
      model: linearModelSchema,
    }),
    v.object({ family: v.literal('gaussian-process'), process: processSchema }),
    v.object({ family: v.picklist(['mlp', 'mlp-separate']), output: count, model: networkSchema }),
  ]),
  v.check(
    (json) => !('output' in json) || json.output < json.model.outputNames.length,
    'must have an output that its network has',
  ),
  v.transform((json): StagePredictor => {
    if ('process' in json) return processPredictor(json.process);
    if ('output' in json) return networkPredictor(json.family, json.model, json.output);
    return linearPredictor(json.family, json.model, json.floor_ms);
  }),
);
