import '@stepclock/vitest-matchers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  crossValidate,
  type Dataset,
  dataset,
  featuresOf,
  featureTable,
  groupedSplits,
  kFoldSplits,
  leastSquares,
  modelFromJSON,
  outsideHull,
  polynomialTerms,
  regressionMetrics,
  ridge,
  trainTestSplit,
} from '../src/index.js';
import { fourTerms, reference, stepTimes } from './step-time-fixture.js';

const linear = (data: Dataset) => leastSquares(data).model;

describe('splits', () => {
  it('every row is tested exactly once, in folds of nearly equal size, by seed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.integer({ min: 2, max: 10 }), fc.integer(), (n, folds, seed) => {
        fc.pre(folds <= n);
        const splits = kFoldSplits(n, { folds, seed });
        const tested = splits.flatMap((s) => [...s.test]).sort((a, b) => a - b);
        expect(tested).toEqual(Array.from({ length: n }, (_, i) => i));
        for (const { train, test } of splits) {
          expect(train.length + test.length).toBe(n);
          expect(Math.abs(test.length - n / folds)).toBeLessThan(1);
        }
        expect(kFoldSplits(n, { folds, seed })).toEqual(splits);
      }),
    );
  });

  it('groups stay together', () => {
    const groups = ['a', 'b', 'a', 'c', 'd', 'b', 'c', 'c'];
    for (const { train, test } of groupedSplits(groups, { folds: 3 })) {
      const held = new Set([...test].map((i) => groups[i]));
      expect([...train].some((i) => held.has(groups[i]))).toBe(false);
    }
  });

  it('an 80/20 split shares no row', () => {
    const { train, test } = trainTestSplit(11, 0.2, 1);
    expect([train.length, test.length]).toEqual([8, 3]);
    expect(new Set([...train, ...test]).size).toBe(11);
  });

  it('refuse impossible shapes', () => {
    expect(() => kFoldSplits(3, { folds: 4 })).toThrow(
      'folds: must be a whole number from 2 to the number of rows (3); got 4',
    );
    expect(() => kFoldSplits(3, { folds: Number.NaN })).toThrow('got NaN');
    expect(() => trainTestSplit(1)).toThrow('testFraction');
    expect(() => trainTestSplit(10, 1.5)).toThrow('testFraction');
  });
});

describe('cross-validation', () => {
  it('agrees with scikit-learn where folds are not shuffled', () => {
    for (const kind of ['with_outlier', 'without_outlier'] as const) {
      const data = stepTimes(kind);
      const folds = kFoldSplits(data.target.length, { folds: 5, shuffle: false });
      const { meanR2, sdR2, outOfFold } = crossValidate(
        data,
        (d) => leastSquares(d, { terms: fourTerms }).model,
        folds,
      );
      const want = reference[kind].OLS.cv5_R2_noshuffle;
      expect(meanR2 as number).toAgree(want.mean, 1e-10);
      expect(sdR2 as number).toAgree(want.std, 1e-8);
      expect(outOfFold.every(Number.isFinite)).toBe(true);
    }
  });
});

describe('metrics', () => {
  it('give the textbook figures', () => {
    const m = regressionMetrics(Float64Array.of(10, 20, 30, 40), Float64Array.of(12, 19, 30, 45));
    expect(m).toMatchObject({ n: 4, mse: 7.5, mae: 2, medianAbsoluteError: 1.5, maxAbsoluteError: 5, bias: 1.5 });
    expect(m.mapePercent as number).toAgree((20 + 5 + 0 + 12.5) / 4, 1e-14);
    expect(m.r2 as number).toAgree(1 - 30 / 500, 1e-14);
    expect(m.explainedVariance as number).toAgree(1 - 21 / 500, 1e-14);
    expect(m.p90AbsoluteError).toAgree(4.1, 1e-14);
  });

  it('are null where they are not defined, never NaN', () => {
    const constant = regressionMetrics(Float64Array.of(0.1, 0.1, 0.1), Float64Array.of(0.1, 0.1, 0.2));
    expect(constant).toMatchObject({ r2: null, explainedVariance: null });
    expect(regressionMetrics(Float64Array.of(0, 2), Float64Array.of(1, 2)).mapePercent).toBeNull();
    expect(() => regressionMetrics(Float64Array.of(), Float64Array.of())).toThrow(
      'measured: must have at least one row',
    );
    expect(() => regressionMetrics(Float64Array.of(1), Float64Array.of(Number.NaN))).toThrow('(row 0)');
    expect(() => regressionMetrics(Float64Array.of(1), Float64Array.of())).toThrow(
      'as many rows as measured (1); got 0',
    );
  });
});

describe('models as JSON', () => {
  it('predict the same to the last bit after a round trip', () => {
    const data = stepTimes('with_outlier');
    for (const model of [
      leastSquares(data, { terms: fourTerms }).model,
      ridge(data, { terms: polynomialTerms(['batch_size', 'sequence_length'], 3) }),
    ]) {
      const text = JSON.stringify(model);
      const back = modelFromJSON(JSON.parse(text));
      expect(JSON.stringify(back)).toBe(text);
      expect(back.predict(data.features)).toEqual(model.predict(data.features));
      expect(back.trainingRange).toEqual(model.trainingRange);
    }
  });

  it('refuse what is not one of them, by the path of the fault', () => {
    const good = JSON.parse(JSON.stringify(linear(dataset(featuresOf({ x: [1, 2, 4] }), Float64Array.of(1, 2, 5)))));
    expect(() => modelFromJSON(null)).toThrow('model file: must be a model of @stepclock/regression; got null');
    expect(() => modelFromJSON({ ...good, kind: 'magic' })).toThrow('kind: must be "linear" or "forest"');
    expect(() => modelFromJSON({ ...good, kind: 'toString' })).toThrow('kind: must be');
    expect(() => modelFromJSON({ ...good, schema: 'other@2' })).toThrow(
      'schema: must be "stepclock/regression-model@1"',
    );
    expect(() => modelFromJSON({ ...good, coefficients: [1, 2] })).toThrow(
      'coefficients: must be one a term; got an array of 2',
    );
    expect(() => modelFromJSON({ ...good, coefficients: [null] })).toThrow(
      'coefficients[0]: must be a finite number; got null',
    );
    expect(() => modelFromJSON({ ...good, estimator: 'guess' })).toThrow('estimator: must be one of least-squares');
    expect(() => modelFromJSON({ ...good, terms: [{ name: 'z', powers: [{ feature: 'z', power: 1 }] }] })).toThrow(
      'terms: must use the features of training_range',
    );
  });

  it('know their training range, and flag what lies outside', () => {
    const model = linear(dataset(featuresOf({ x: [1, 2, 4] }), Float64Array.of(1, 2, 4)));
    const at = featuresOf({ x: [0.5, 1, 4, 4.1] });
    expect([...outsideHull(model, at)]).toEqual([1, 0, 0, 1]);
    expect(() => model.predict(featuresOf({ y: [1] }))).toThrow(
      'x: must be a feature of the table: its features are y',
    );
  });
});

describe('tables and terms', () => {
  it('refuse duplicate names, ragged columns and numbers that are none', () => {
    expect(() => featureTable(['a', 'a'], [Float64Array.of(1), Float64Array.of(2)])).toThrow(
      'names: must be distinct and not empty; got "a"',
    );
    expect(() => featureTable([''], [Float64Array.of(1)])).toThrow('names: must be distinct and not empty');
    expect(() => featureTable(['a'], [])).toThrow('names: must be one a column (0); got 1');
    expect(() => featuresOf({ a: [1, 2], b: [1] })).toThrow('b: must have as many rows as the first column (2); got 1');
    expect(() => featuresOf({ a: [1, Number.NaN] })).toThrow('a: must be a finite number; got NaN (row 1)');
    expect(() => dataset(featuresOf({ a: [] }), Float64Array.of())).toThrow('at least one row');
    expect(() => dataset(featuresOf({ a: [1] }), Float64Array.of(1), Float64Array.of(-1))).toThrow(
      'weights: must be at least 0; got -1',
    );
    expect(() => dataset(featuresOf({ a: [1] }), Float64Array.of(1), Float64Array.of(0))).toThrow(
      'weights: must have one above 0 at least',
    );
  });

  it('polynomial terms are named, and none comes twice', () => {
    expect(polynomialTerms(['a', 'b'], 2).map((t) => t.name)).toEqual(['a', 'b', 'a^2', 'a*b', 'b^2']);
    expect(polynomialTerms(['a', 'b', 'c'], 3, true).map((t) => t.name)).toEqual([
      'a',
      'b',
      'c',
      'a*b',
      'a*c',
      'b*c',
      'a*b*c',
    ]);
    expect(polynomialTerms(['a', 'b', 'c'], 4)).toHaveLength(34);
    expect(() => polynomialTerms(['a'], 0)).toThrow('degree: must be a whole number from 1 to 100; got 0');
  });
});
