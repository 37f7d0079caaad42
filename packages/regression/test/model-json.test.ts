import '@stepclock/vitest-matchers';
import { validated } from '@stepclock/model-file';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { featuresOf, modelFromJSON, outsideHull } from '../src/index.js';
import { headerSchema, modelHeader } from '../src/model/model-header.js';
import {
  above,
  belowOne,
  nonNegativeNumber,
  share,
  wholeNumberFrom,
  wholeNumberOrInfinity,
} from '../src/model/option-checks.js';
import { trainingRangeOf } from '../src/model/training-range.js';
import { refusalOf } from './refusal.js';
import { throughJSON } from './synthetic.js';

describe('option checks', () => {
  const { NaN: none, POSITIVE_INFINITY: endless } = Number;

  it.each([
    ['a whole number from 2', (v: number) => wholeNumberFrom(2, 'o', v), [2, 7], [1, 2.5, none, endless, 2 ** 53]],
    ['a whole number from 2', (v: number) => wholeNumberOrInfinity(2, 'o', v), [2, endless], [1, 2.5, none, -endless]],
    ['above 0', (v: number) => above(0, 'o', v), [1e-300, 7], [0, -1, none, endless]],
    ['above 1', (v: number) => above(1, 'o', v), [1.1, 7], [1, -1, none, endless]],
    ['from 0 to below 1', (v: number) => belowOne('o', v), [0, 0.9], [-1e-300, 1, none]],
    ['at least 0', (v: number) => nonNegativeNumber('o', v), [0, 7], [-1e-300, none, endless]],
    ['above 0 and at most 1', (v: number) => share('o', v), [1e-300, 1], [0, 1.0000001, none]],
  ] as const)('%s', (rule, check, good, bad) => {
    for (const value of good) expect(check(value)).toBe(value);
    for (const value of bad) {
      expect(refusalOf(() => check(value))).toMatchObject({
        code: 'regression/bad-option',
        message: `o: must be ${rule}; got ${value}`,
        what: 'o',
        value,
      });
    }
  });
});

describe('model header', () => {
  const range = { rows: 3, features: [{ name: 'x', min: 1, max: 2 }] };
  const header = modelHeader('forest', range);
  const read = (json: unknown) => validated(json, v.object(headerSchema('forest')), { code: 'regression/bad-model' });

  it('survives a round trip', () => {
    expect(header).toEqual({ schema: 'stepclock/regression-model@1', kind: 'forest', training_range: range });
    expect(read(throughJSON(header))).toEqual(header);
  });

  it('refuses another schema, another kind and a range that is none', () => {
    const refused = (change: object) => refusalOf(() => read({ ...header, ...change })).message;
    const ranged = (change: object) => refused({ training_range: { ...range, ...change } });
    expect(refused({ schema: 'a' })).toBe('schema: must be "stepclock/regression-model@1"; got "a"');
    expect(refused({ kind: 'mlp' })).toBe('kind: must be "forest"; got "mlp"');
    expect(ranged({ rows: -1 })).toBe('training_range.rows: must be a whole number of at least 0; got -1');
    expect(ranged({ features: [{ name: 'x', min: 1 }] })).toBe(
      'training_range.features[0].max: must be given; got nothing',
    );
    expect(ranged({ features: [{ name: 'x', min: 2, max: 1 }] })).toBe(
      'training_range.features[0]: must have min <= max; got an object',
    );
    expect(ranged({ features: [...range.features, ...range.features] })).toBe(
      'training_range.features: must have distinct names; got an array of 2',
    );
    expect(refusalOf(() => modelFromJSON({ ...header, kind: 'magic' })).message).toBe(
      'kind: must be "linear" or "forest" or "boosting" or "mlp" or "gaussian-process"; got "magic"',
    );
    expect(() => modelFromJSON({ ...header, kind: 'hasOwnProperty' })).toThrow('kind: must be');
  });
});

describe('training range', () => {
  const table = featuresOf({ a: [3, 1, 2, 9], b: [-1, -5, -3, 7] });

  it('is the box of the rows that count', () => {
    expect(trainingRangeOf(table)).toEqual({
      rows: 4,
      features: [
        { name: 'a', min: 1, max: 9 },
        { name: 'b', min: -5, max: 7 },
      ],
    });
    expect(trainingRangeOf(table, Float64Array.of(1, 0, 0.5, 0))).toEqual({
      rows: 2,
      features: [
        { name: 'a', min: 2, max: 3 },
        { name: 'b', min: -3, max: -1 },
      ],
    });
    // A table without columns has rows all the same, where there are weights to say so.
    expect(trainingRangeOf(featuresOf({}), Float64Array.of(1, 0, 2))).toEqual({ rows: 2, features: [] });
  });

  it('holds its bounds', () => {
    const model = { featureNames: ['b', 'a'], trainingRange: trainingRangeOf(featuresOf({ b: [0, 4], a: [1, 2] })) };
    const at = featuresOf({ a: [1, 2, 1.5, 2.5, 1], b: [0, 4, 2, 2, -0.5] });
    expect([...outsideHull(model, at)]).toEqual([0, 0, 0, 1, 1]);
  });
});
