import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { selectFeatures } from '../src/data/feature-table.js';
import { standardisationOf, standardisedRows } from '../src/data/standardisation.js';
import { dataset, featuresOf, featureTable, takeDatasetRows } from '../src/index.js';
import { refusalOf } from './refusal.js';

const x = Float64Array.of(1, 2);

describe('featureTable', () => {
  it('keeps its columns under their names, in order', () => {
    const table = featuresOf({ b: [1, 8], a: Float64Array.of(3, 4) });
    expect(table).toEqual({ length: 2, names: ['b', 'a'], columns: [Float64Array.of(1, 8), Float64Array.of(3, 4)] });
    expect(featureTable([], [])).toEqual({ length: 0, names: [], columns: [] });
    const column = Float64Array.of(5);
    expect(featureTable(['a'], [column]).columns[0]).toBe(column);
  });

  it('refuses names that are not one a column, empty or given twice', () => {
    expect(refusalOf(() => featureTable(['a'], []))).toMatchObject({
      code: 'regression/length-mismatch',
      message: 'names: must be one a column (0); got 1',
      value: 1,
    });
    expect(refusalOf(() => featureTable(['a', 'b', 'a'], [x, x, x]))).toMatchObject({
      code: 'regression/bad-name',
      message: 'names: must be distinct and not empty; got "a"',
      what: 'names',
      value: 'a',
    });
    expect(refusalOf(() => featureTable(['a', ''], [x, x])).message).toBe(
      'names: must be distinct and not empty; got ""',
    );
  });

  it('refuses ragged columns and the first value that is no number', () => {
    expect(refusalOf(() => featuresOf({ a: [1, 2], b: [1, 2, 3] }))).toMatchObject({
      code: 'regression/length-mismatch',
      message: 'b: must have as many rows as the first column (2); got 3',
      what: 'b',
      value: 3,
    });
    expect(refusalOf(() => featuresOf({ a: [1, 2, 3], b: [1, Number.NEGATIVE_INFINITY, Number.NaN] }))).toMatchObject({
      code: 'regression/bad-column',
      message: 'b: must be a finite number; got -Infinity (row 1)',
      what: 'b',
      row: 1,
      value: Number.NEGATIVE_INFINITY,
    });
  });

  it('is searched by name, and says what there is when a feature is missing', () => {
    const table = featuresOf({ a: [1, 2], b: [3, 4], c: [5, 6] });
    expect(selectFeatures(table, ['c', 'a'])).toEqual({
      length: 2,
      names: ['c', 'a'],
      columns: [Float64Array.of(5, 6), Float64Array.of(1, 2)],
    });
    expect(refusalOf(() => selectFeatures(table, ['a', 'd']))).toMatchObject({
      code: 'regression/missing-feature',
      message: 'd: must be a feature of the table: its features are a, b, c',
      what: 'd',
    });
    expect(refusalOf(() => selectFeatures(featuresOf({}), ['d'])).message).toBe(
      'd: must be a feature of the table: its features are none',
    );
  });
});

describe('dataset', () => {
  it('takes rows in the order asked for, more than once if asked, with their weights if there are any', () => {
    const data = dataset(featuresOf({ a: [1, 2, 3] }), Float64Array.of(4, 5, 6), Float64Array.of(0, 1, 2));
    expect(takeDatasetRows(data, [2, 0, 2])).toEqual({
      features: { length: 3, names: ['a'], columns: [Float64Array.of(3, 1, 3)] },
      target: Float64Array.of(6, 4, 6),
      weights: Float64Array.of(2, 0, 2),
    });
    const plain = takeDatasetRows(dataset(data.features, data.target), [1]);
    expect(plain).toEqual({ features: featuresOf({ a: [2] }), target: Float64Array.of(5) });
    expect('weights' in plain).toBe(false);
    expect('weights' in dataset(data.features, data.target)).toBe(false);
  });

  it('without features has the length of its target', () => {
    const data = dataset(featuresOf({}), Float64Array.of(1, 2), Float64Array.of(1, 1));
    expect(data.target).toHaveLength(2);
    expect(() => dataset(featuresOf({ a: [1, 2] }), Float64Array.of(1, 2, 3))).toThrow(
      'target: must have as many rows as the first column (2); got 3',
    );
    expect(() => dataset(featuresOf({}), Float64Array.of(1, 2), Float64Array.of(1))).toThrow(
      'weights: must have as many rows as the first column (2); got 1',
    );
  });

  it('refuses no rows, a target that is no number, and weights below 0 or all 0', () => {
    expect(refusalOf(() => dataset(featuresOf({}), Float64Array.of()))).toMatchObject({
      code: 'regression/no-rows',
      message: 'data: must have at least one row; got 0',
      value: 0,
    });
    expect(refusalOf(() => dataset(featuresOf({ a: x }), x.with(1, Number.NaN)))).toMatchObject({
      message: 'target: must be a finite number; got NaN (row 1)',
      what: 'target',
    });
    expect(refusalOf(() => dataset(featuresOf({ a: x }), x, Float64Array.of(1, -2)))).toMatchObject({
      code: 'regression/bad-column',
      message: 'weights: must be at least 0; got -2 (row 1)',
      what: 'weights',
      row: 1,
      value: -2,
    });
    expect(refusalOf(() => dataset(featuresOf({ a: x }), x, Float64Array.of(0, 0)))).toMatchObject({
      code: 'regression/no-rows',
      message: 'weights: must have one above 0 at least',
      what: 'weights',
    });
    expect(() => dataset(featuresOf({ a: x }), x, Float64Array.of(1, Number.POSITIVE_INFINITY))).toThrow(
      'weights: must be a finite number; got Infinity (row 1)',
    );
  });
});

describe('standardisation', () => {
  it('is mean and population standard deviation', () => {
    expect(standardisationOf(Float64Array.of(2, 4, 4, 4, 5, 5, 7, 9))).toEqual({ mean: 5, sd: 2 });
    expect(standardisationOf(Float64Array.of(-2, 2, -2, 2))).toEqual({ mean: 0, sd: 2 });
  });

  it('takes what rounding makes of a constant for no scale', () => {
    expect(standardisationOf(Float64Array.of(0, 0))).toEqual({ mean: 0, sd: 1 });
    const tenth = standardisationOf(new Float64Array(1000).fill(0.1));
    expect(tenth.sd).toBe(1);
    expect(standardisationOf(new Float64Array(1000).fill(-0.1)).sd).toBe(1);
    // A real spread of a billionth of the mean is one.
    expect(standardisationOf(Float64Array.of(-1e9, -1e9 - 2)).sd).toBe(1);
    expect(standardisationOf(Float64Array.of(1e9, 1e9 + 4)).sd).toBe(2);
  });

  it('lays columns out row by row', () => {
    const scales = [
      { mean: 1, sd: 2 },
      { mean: 10, sd: 0.5 },
    ];
    expect([...standardisedRows([Float64Array.of(3, 5, -1), Float64Array.of(10, 11, 9)], scales)]).toEqual([
      1, 0, 2, 2, -1, -2,
    ]);
    expect(standardisedRows([], [])).toHaveLength(0);
  });
});
