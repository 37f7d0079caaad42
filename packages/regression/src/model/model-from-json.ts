import { gradientBoostingFromJSON } from '../boosting/gradient-boosting.js';
import { randomForestFromJSON } from '../forest/random-forest.js';
import { gaussianProcessFromJSON } from '../gaussian-process/gaussian-process-model.js';
import { linearFromJSON } from '../linear/linear-model.js';
import { mlpFromJSON } from '../mlp/mlp-model.js';
import type { FittedModel } from './fitted-model.js';
import { JsonReader } from './model-json.js';

/** A reader a kind. */
const READERS: Readonly<Record<string, (value: unknown) => FittedModel>> = {
  linear: linearFromJSON,
  forest: randomForestFromJSON,
  boosting: gradientBoostingFromJSON,
  mlp: mlpFromJSON,
  'gaussian-process': gaussianProcessFromJSON,
};

/**
 * Any model of this package from its parsed JSON; predictions are those of the model that was written, to the last bit.
 *
 * @throws Fault `regression/bad-model`
 */
export const modelFromJSON = (value: unknown): FittedModel => {
  const reader = JsonReader.of(value);
  const kind = reader.string('kind');
  const read = Object.hasOwn(READERS, kind) ? READERS[kind] : undefined;
  if (read === undefined) throw reader.fault('kind', `must be one of ${Object.keys(READERS).join(', ')}`);
  return read(value);
};
