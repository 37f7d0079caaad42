import { between, finite, nonNegative, positive, text } from '@stepclock/model-file';
import * as v from 'valibot';
import { headerSchema, numbers } from '../model/model-header.js';
import { MOST_POWER } from './term.js';

/** How a linear model's coefficients were found. */
const ESTIMATORS = ['least-squares', 'ridge', 'non-negative', 'huber', 'ransac'] as const;
export type LinearEstimator = (typeof ESTIMATORS)[number];

/** More than polynomials of any use have: a bound on what a file can make the reader do. */
const MOST_TERMS = 10_000;

const power = v.pipe(between(1, MOST_POWER), v.integer(`must be a whole number from 1 to ${MOST_POWER}`));

const inferenceSchema = v.object({
  sigma: nonNegative,
  df: positive,
  total_weight: v.exactOptional(positive),
  factor: v.array(numbers(MOST_TERMS)),
});

/** The JSON of a linear model. */
export const linearSchema = v.pipe(
  v.object({
    ...headerSchema('linear'),
    estimator: v.picklist(ESTIMATORS, `must be one of ${ESTIMATORS.join(', ')}`),
    terms: v.pipe(
      v.array(v.object({ name: text(10_000), powers: v.array(v.object({ feature: text(1000), power })) })),
      v.maxLength(MOST_TERMS, `must be at most ${MOST_TERMS} terms`),
    ),
    coefficients: numbers(MOST_TERMS),
    centre: numbers(MOST_TERMS),
    value_at_centre: finite,
    has_intercept: v.boolean(),
    inference: v.exactOptional(inferenceSchema),
  }),
  v.forward(
    v.check(({ terms, training_range: { features } }) => {
      const names = new Set(features.map(({ name }) => name));
      return terms.every(({ powers }) => powers.every(({ feature }) => names.has(feature)));
    }, 'must use the features of training_range'),
    ['terms'],
  ),
  v.forward(
    v.check(({ terms, coefficients }) => coefficients.length === terms.length, 'must be one a term'),
    ['coefficients'],
  ),
  v.forward(
    v.check(({ terms, centre }) => centre.length === terms.length, 'must be one a term'),
    ['centre'],
  ),
  v.forward(
    v.check(
      ({ value_at_centre, coefficients, centre }) =>
        Number.isFinite(coefficients.reduce((sum, value, j) => sum - value * centre[j], value_at_centre)),
      'must leave a finite intercept',
    ),
    ['value_at_centre'],
  ),
  v.forward(
    v.check(
      ({ terms, inference }) =>
        inference === undefined ||
        (inference.factor.length === terms.length && inference.factor.every((row) => row.length === terms.length)),
      'must have a factor of one row and one column a term',
    ),
    ['inference'],
  ),
);

export type LinearJSON = v.InferOutput<typeof linearSchema>;
