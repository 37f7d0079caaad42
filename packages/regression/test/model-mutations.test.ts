import { Fault } from '@stepclock/faults';
import { describe, expect, it } from 'vitest';
import {
  dataset,
  type FittedModel,
  featuresOf,
  gaussianProcess,
  gradientBoosting,
  LinearModel,
  leastSquares,
  modelFromJSON,
  multilayerPerceptron,
  nonNegativeLeastSquares,
  polynomialTerms,
  predictWithIntervals,
  randomForest,
} from '../src/index.js';
import { throughJSON } from './synthetic.js';

const a = Float64Array.from({ length: 24 }, (_, i) => 1 + (i % 5));
const b = Float64Array.from({ length: 24 }, (_, i) => (i * i) % 7);
const data = dataset(
  featuresOf({ a, b }),
  a.map((value, i) => 3 + 2 * value + 0.5 * b[i] * value + Math.sin(i)),
);

const models: Readonly<Record<string, FittedModel>> = {
  linear: leastSquares(data, { terms: polynomialTerms(['a', 'b'], 2) }).model,
  'non-negative': nonNegativeLeastSquares(data).model,
  forest: randomForest(data, { trees: 2 }).model,
  boosting: gradientBoosting(data, { trees: 3 }).model,
  mlp: multilayerPerceptron(data, { hiddenLayers: [2], maxEpochs: 3 }).model,
  'gaussian-process': gaussianProcess(data.features, data.target, { maxIterations: 3 }).model,
};

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Path = readonly (string | number)[];

/** Every place of a value, its containers included; of a long array the first three. */
const placesOf = (json: Json, path: Path = []): Path[] => {
  if (json === null || typeof json !== 'object') return [path];
  const entries: [string | number, Json][] = Array.isArray(json)
    ? json.slice(0, 3).map((entry, i) => [i, entry])
    : Object.entries(json);
  return [path, ...entries.flatMap(([key, value]) => placesOf(value, [...path, key]))];
};

/** A copy with another value at a place; undefined takes the place away. */
const changed = (json: Json, [key, ...rest]: Path, to: Json | undefined): Json | undefined => {
  if (key === undefined) return to;
  if (Array.isArray(json)) {
    return json.flatMap((entry, i) => {
      if (i !== key) return [entry];
      const put = changed(entry, rest, to);
      return put === undefined ? [] : [put];
    });
  }
  if (json === null || typeof json !== 'object') throw new Error('no such place');
  const entries = Object.entries(json).flatMap(([name, value]): [string, Json][] => {
    if (name !== key) return [[name, value]];
    const put = changed(value, rest, to);
    return put === undefined ? [] : [[name, put]];
  });
  return Object.fromEntries(entries);
};

const VALUES: readonly (Json | undefined)[] = [
  undefined,
  null,
  true,
  'x',
  '',
  'NaN',
  0,
  -1,
  0.5,
  3,
  1e15,
  1e308,
  -1e308,
  Number.POSITIVE_INFINITY,
  Number.NaN,
  [],
  {},
  [[1e308]],
];

const at = featuresOf({ a: [1, 3, 1e6], b: [0, 2, -1e6] });

/** Every number that a model gives, or the fault that it was refused with. */
const answersOf = (json: unknown): readonly number[] | Fault => {
  try {
    const model = modelFromJSON(json);
    const answers = [...model.predict(at)];
    if (model instanceof LinearModel && model.inference !== undefined) {
      const { low, high } = predictWithIntervals(model, at);
      answers.push(...low, ...high);
    }
    return answers;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
};

describe.each(Object.entries(models))('a %s file with one value changed', (_, model) => {
  const json = throughJSON(model) as Json;

  it.each(placesOf(json).map((path) => [path.join('.') || 'all of it', path] as const))('%s', (__, path) => {
    for (const value of VALUES) {
      const answers = answersOf(changed(json, path, value));
      if (answers instanceof Fault) {
        // A number far too large may be seen only once it meets a feature.
        expect(answers.code, `${answers}`).toMatch(/^regression\/(bad-model|overflow|bad-column|missing-feature)$/);
        expect(answers.message).not.toContain('\n');
      } else expect(answers.every(Number.isFinite)).toBe(true);
    }
  });

  it('predicts the same with a field that it does not know', () => {
    const more = { ...(json as object), more: 'x' };
    expect(modelFromJSON(more).predict(data.features)).toEqual(model.predict(data.features));
  });
});
