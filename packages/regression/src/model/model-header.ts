import { count, finite, text } from '@stepclock/model-file';
import * as v from 'valibot';
import type { ModelKind } from './fitted-model.js';
import type { TrainingRange } from './training-range.js';

/** The version of the serialised form. It changes when an older reader would misread it. */
const MODEL_SCHEMA = 'stepclock/regression-model@1' as const;

/** More features than any model here is asked for: a bound on what a file can make the reader do. */
const MOST_FEATURES = 10_000;

const trainingRangeSchema = v.object({
  rows: count,
  features: v.pipe(
    v.array(
      v.pipe(
        v.object({ name: text(1000), min: finite, max: finite }),
        v.check(({ min, max }) => min <= max, 'must have min <= max'),
      ),
    ),
    v.maxLength(MOST_FEATURES, `must be at most ${MOST_FEATURES} features`),
    v.check(
      (features) => new Set(features.map(({ name }) => name)).size === features.length,
      'must have distinct names',
    ),
  ),
});

/** What every serialised model starts with; `kind` tells them apart, and the parameters of the kind follow beside it. */
export const headerSchema = <K extends ModelKind>(kind: K) => ({
  schema: v.literal(MODEL_SCHEMA, `must be "${MODEL_SCHEMA}"`),
  kind: v.literal(kind),
  training_range: trainingRangeSchema,
});

/** The header that a model's `toJSON` spreads first. */
export const modelHeader = <K extends ModelKind>(kind: K, { rows, features }: TrainingRange) => ({
  schema: MODEL_SCHEMA,
  kind,
  training_range: { rows, features: features.map((feature) => ({ ...feature })) },
});

/** So many finite numbers at most. */
export const numbers = (most: number) =>
  v.pipe(v.array(finite, 'must be an array of numbers'), v.maxLength(most, `must be at most ${most} numbers`));
