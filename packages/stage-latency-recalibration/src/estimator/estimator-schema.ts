import { between, count, finite, nonNegative, positive, text } from '@stepclock/model-file';
import * as v from 'valibot';
import { networkSchema } from '../model/regression-schemas.js';
import {
  figures,
  figuresOf,
  figuresSchema,
  knowsItsStages,
  listOf,
  stageNamesSchema,
  totalRuleSchema,
} from '../model/shared-schemas.js';
import { FAMILIES } from './families/family.js';
import { predictorSchema } from './families/predictor-schema.js';
import { SCALES } from './feature-encoding.js';
import { ESTIMATOR_SCHEMA, StageEstimator } from './stage-estimator.js';

const knobSchema = v.variant('kind', [
  v.pipe(
    v.object({
      kind: v.literal('numeric'),
      name: text(200),
      scale: v.picklist(SCALES),
      mean: finite,
      sd: positive,
      min: finite,
      max: finite,
    }),
    v.check(({ min, max }) => min <= max, 'must have min at or below max'),
  ),
  v.object({
    kind: v.literal('category'),
    name: text(200),
    levels: v.pipe(listOf(text()), v.minLength(1, 'must have at least one level')),
  }),
]);

const reportSchema = v.pipe(
  v.object({
    stage: text(200),
    family: v.picklist(FAMILIES),
    scores: listOf(v.object({ family: v.picklist(FAMILIES), mapePercent: v.nullable(nonNegative) })),
    ...figures,
  }),
  v.transform(({ stage, family, scores, ...json }) => ({ stage, family, scores, heldOut: figuresOf(json) })),
);

const intervalSchema = v.pipe(
  v.object({ level: between(0.5, 0.999), low: between(1e-9, 1e9), high: between(1e-9, 1e9) }),
  v.check(({ low, high }) => low <= high, 'must have low at or below high'),
);

/** An estimator, as its `toJSON` wrote it. */
export const estimatorSchema = v.pipe(
  v.object({
    schema: v.literal(ESTIMATOR_SCHEMA),
    knobs: v.pipe(
      listOf(knobSchema),
      v.minLength(1, 'must hold at least one knob'),
      v.check((knobs) => new Set(knobs.map(({ name }) => name)).size === knobs.length, 'must name each knob once'),
    ),
    constant_knobs: v.optional(v.record(v.string(), v.union([finite, text()], 'must be a number or a level')), {}),
    stages: stageNamesSchema,
    total: totalRuleSchema,
    configurations: count,
    folds: count,
    held_out: listOf(reportSchema),
    total_held_out: v.nullable(figuresSchema),
    total_interval: v.optional(intervalSchema),
    models: listOf(predictorSchema),
    networks: v.optional(listOf(networkSchema)),
  }),
  v.check((json) => knowsItsStages(json), 'must have a total of its own stages'),
  v.check(
    ({ stages, models, networks = models }) => models.length === stages.length && networks.length === stages.length,
    'must have a model and a network a stage',
  ),
  v.transform(
    (json) =>
      new StageEstimator({
        encoding: { knobs: json.knobs },
        constantKnobs: json.constant_knobs,
        stageNames: json.stages,
        predictors: json.models,
        total: json.total,
        configurations: json.configurations,
        reports: json.held_out,
        totalHeldOut: json.total_held_out,
        totalInterval: json.total_interval,
        folds: json.folds,
        networks: json.networks,
      }),
  ),
);
