import { type ModelFileKind, modelOfJson } from '@stepclock/model-file';
import * as v from 'valibot';
import { boostingOf, boostingSchema } from '../boosting/gradient-boosting.js';
import { forestOf, forestSchema } from '../forest/random-forest.js';
import { gaussianProcessFrom, gaussianProcessSchema } from '../gaussian-process/gaussian-process-model.js';
import { linearModelOf } from '../linear/linear-model.js';
import { linearSchema } from '../linear/linear-schema.js';
import { mlpOf, mlpSchema } from '../mlp/mlp-model.js';
import type { FittedModel } from './fitted-model.js';

/** The JSON of any model of this package, told apart by `kind`: a part for the schemas of files that hold one. */
export const modelSchema = v.variant('kind', [
  linearSchema,
  forestSchema,
  boostingSchema,
  mlpSchema,
  gaussianProcessSchema,
]);

export type ModelJSON = v.InferOutput<typeof modelSchema>;

/**
 * A model from JSON that {@link modelSchema} has seen; predictions are those of the model that was written, to the last bit.
 *
 * @throws Fault `regression/bad-model` where the packed nodes of trees make up no trees
 */
export const modelOf = (json: ModelJSON): FittedModel => {
  switch (json.kind) {
    case 'linear':
      return linearModelOf(json);
    case 'forest':
      return forestOf(json);
    case 'boosting':
      return boostingOf(json);
    case 'mlp':
      return mlpOf(json);
    case 'gaussian-process':
      return gaussianProcessFrom(json);
  }
};

const KIND: ModelFileKind<typeof modelSchema> = {
  family: 'stepclock/regression-model',
  version: 1,
  schema: modelSchema,
  code: 'regression/bad-model',
  described: 'a model of @stepclock/regression',
};

/**
 * Any model of this package from its parsed JSON.
 *
 * @throws Fault `regression/bad-model`, with the path of the field
 */
export const modelFromJSON = (value: unknown): FittedModel => modelOf(modelOfJson(value, KIND));
