import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import { featureTable } from '@stepclock/regression';
import { describe, expect, it } from 'vitest';
import {
  conformalRadius,
  learningCurve,
  type MetricRows,
  metricRows,
  outOfFold,
  takeMetricRows,
  tokensOf,
  trainMetric,
  validate,
} from '../src/index.js';
import { tableOf } from './tables.js';
import { thrownBy } from './thrown.js';

const NaN_ = Number.NaN;
const plain = ({ rows, position, tokens, target, durationSec }: MetricRows) => ({
  rows: [...rows],
  position: [...position],
  tokens: tokens.columns.map((column) => [...column]),
  target: [...target],
  durationSec: durationSec && [...durationSec],
});

describe('metricRows', () => {
  const table = tableOf(
    {
      input: [10, 20, 30, 40, 50],
      output: [5, 1, 0, 8, 9],
      ttft: [0.1, 0.2, 0.3, NaN_, 0.5],
      decode: [4, 0, 2, 7, 8],
      energy: [11, 12, 13, 14, 15],
    },
    { position: Int32Array.of(3, 4, 6, 8, 9) },
  );

  it('learns a prefill from the prompt alone, of the rows that have one', () => {
    expect(plain(metricRows(table, 'ttft'))).toEqual({
      rows: [0, 1, 2, 4],
      position: [3, 4, 6, 9],
      tokens: [[10, 20, 30, 50]],
      target: [0.1, 0.2, 0.3, 0.5],
      durationSec: undefined,
    });
  });

  it('learns the rest from both counts; what generated nothing, or took no time, is left out', () => {
    expect(plain(metricRows(table, 'decode'))).toEqual({
      rows: [0, 3, 4],
      position: [3, 8, 9],
      tokens: [
        [10, 40, 50],
        [5, 8, 9],
      ],
      target: [4, 7, 8],
      durationSec: undefined,
    });
    expect(metricRows(table, 'power').rows).toHaveLength(0);
    expect(metricRows(table, 'power').target).toHaveLength(0);
  });

  it('takes only the rows that it is told to', () => {
    expect([...metricRows(table, 'decode', Int32Array.of(4, 1, 0)).rows]).toEqual([0, 4]);
  });

  it('knows how long metered runs were, where all of them say', () => {
    // 0.1 + 4, 0.2 + 0, NaN, 0.5 + 8: one run of unknown length, so none is used; the third generated nothing.
    expect(plain(metricRows(table, 'energy'))).toMatchObject({ rows: [0, 1, 3, 4], durationSec: undefined });
    const known = { input: [1, 2, 3, 4], output: [1, 2, 3, 4], total: [5, 0, 7, 8], power: [9, 9, 9, 9] };
    expect(plain(metricRows(tableOf(known), 'power'))).toMatchObject({ rows: [0, 2, 3], durationSec: [5, 7, 8] });
    expect(metricRows(tableOf(known), 'total').durationSec).toBeUndefined();
    expect(plain(metricRows(tableOf({ input: [1, 2], energy: [3, 4], ttft: [5, 6] }), 'energy'))).toEqual({
      rows: [0, 1],
      position: [0, 1],
      tokens: [[1, 2]],
      target: [3, 4],
      durationSec: [5, 6],
    });
  });

  it('takes some of its rows, in the order asked for', () => {
    const rows = metricRows(
      tableOf({ input: [1, 2, 3], output: [4, 5, 6], total: [7, 8, 9], power: [3, 2, 1] }),
      'power',
    );
    const taken = takeMetricRows({ ...rows, position: Int32Array.of(5, 6, 7) }, Int32Array.of(2, 0));
    expect(taken.metric).toBe('power');
    expect(plain(taken)).toEqual({
      rows: [2, 0],
      position: [7, 5],
      tokens: [
        [3, 1],
        [6, 4],
      ],
      target: [1, 3],
      durationSec: [9, 7],
    });
    const { durationSec: _, ...timeless } = rows;
    expect(takeMetricRows(timeless, Int32Array.of(1))).not.toHaveProperty('durationSec');
  });
});

/** Rows that only their values tell apart: what physics says of them is sum (1/y) / sum (1/y^2). */
const alike = (target: number[], position: number[]): MetricRows => ({
  metric: 'total',
  rows: Int32Array.from(position),
  position: Int32Array.from(position),
  tokens: tokensOf(
    target.map(() => 100),
    target.map(() => 10),
  ),
  target: Float64Array.from(target),
});
const middle = (values: number[]) =>
  values.reduce((sum, y) => sum + 1 / y, 0) / values.reduce((sum, y) => sum + 1 / (y * y), 0);

describe('outOfFold', () => {
  it('predicts every row from those of the other folds', () => {
    const target = [1, 2, 3, 4, 5, 6, 7];
    const position = [0, 1, 2, 5, 10, 11, 7];
    const rows = alike(target, position);
    const others = (folds: number) =>
      position.map((p) => middle(target.filter((_, k) => (position[k] ?? 0) % folds !== p % folds)));
    expect(outOfFold(rows, 'physics', {})).toAgree(others(5), 1e-12);
    expect(outOfFold(rows, 'physics', {}, 2)).toAgree(others(2), 1e-12);
  });
});

describe('validate', () => {
  const target = Float64Array.of(10, 20, 40);
  const predicted = Float64Array.of(11, 20, 30);

  it('has the errors, how they came about, and an interval where the rows allow one', () => {
    const { scheme, metrics, mapePercent, interval } = validate(target, predicted, 'by hand', 0.5);
    expect(scheme).toBe('by hand');
    expect(metrics.mae).toAgree(11 / 3, 1e-15);
    expect(mapePercent).toAgree((10 + 0 + 25) / 3, 1e-14);
    // Relative to the prediction: 1/11, 0, 1/3; the second of three at (3 + 1) / 2.
    expect(interval).toEqual({ level: 0.5, relativeRadius: 1 / 11 });
    expect(validate(target, predicted, 'by hand', 0.9)).not.toHaveProperty('interval');
  });

  it('takes the ceil((n + 1) level)-th smallest error, whatever the rounding of the product', () => {
    const ones = new Float64Array(99).fill(1);
    // In binary 100 x 0.07 is 7.000000000000001.
    const falling = Float64Array.from({ length: 99 }, (_, k) => 1 + (99 - k) / 128);
    expect(conformalRadius(falling, ones, 0.07)).toBe(7 / 128);
    expect(conformalRadius(falling, ones, 0.99)).toBe(99 / 128);
    expect(conformalRadius(falling, ones, 0.995)).toBeUndefined();
    expect(conformalRadius(falling, ones, 0.071)).toBe(8 / 128);
    expect(conformalRadius(Float64Array.of(3), Float64Array.of(-2), 0.5)).toBe(2.5);
    expect(conformalRadius(Float64Array.of(3), Float64Array.of(0), 0.5)).toBeUndefined();
  });
});

describe('learningCurve', () => {
  it('doubles the rows, up to what four folds of five leave', () => {
    const sizesOf = (n: number) =>
      learningCurve(
        alike(
          Array.from({ length: n }, (_, k) => 1 + (k % 7)),
          Array.from({ length: n }, (_, k) => k),
        ),
        'physics',
      ).map(({ rows }) => rows);
    expect(sizesOf(12)).toEqual([9]);
    expect(sizesOf(25)).toEqual([10, 20]);
    expect(sizesOf(26)).toEqual([10, 20]);
    expect(sizesOf(50)).toEqual([10, 20, 40]);
    expect(sizesOf(70)).toEqual([10, 20, 40, 56]);
  });

  it('ends with the median error of the folds, each against all the others', () => {
    const random = seededRandom(2, 'curve');
    const target = Array.from({ length: 30 }, () => 1 + random());
    const curve = learningCurve(
      alike(
        target,
        target.map((_, k) => k),
      ),
      'physics',
    );
    const errors = [0, 1, 2, 3, 4].map((fold) => {
      const usual = middle(target.filter((_, k) => k % 5 !== fold));
      const held = target.filter((_, k) => k % 5 === fold);
      return (100 * held.reduce((sum, y) => sum + Math.abs(usual - y) / y, 0)) / held.length;
    });
    errors.sort((a, b) => a - b);
    expect(curve.at(-1)).toMatchObject({ rows: 24 });
    expect(curve.at(-1)?.mapePercent).toAgree(errors[2] ?? 0, 1e-12);
    expect(curve[0]?.mapePercent).not.toAgree(errors[2] ?? 0, 1e-6);
    const seeded = learningCurve(
      alike(
        target,
        target.map((_, k) => k),
      ),
      'physics',
      { seed: 1 },
    );
    expect(seeded[0]).not.toEqual(curve[0]);
    expect(
      learningCurve(
        alike(
          target,
          target.map((_, k) => k),
        ),
        'physics',
        { seed: 0 },
      ),
    ).toEqual(curve);
  });

  it('passes over folds without rows, and over regressors that cannot be fitted', () => {
    expect(learningCurve(alike([1, 2, 3], [0, 5, 10]), 'physics')).toEqual([]);
    expect(learningCurve(alike([1, 2, 3], [0, 1, 2]), 'linear')).toEqual([]);
    expect(() => learningCurve(alike([1, 2, 3], [0, 1, 2]), 'physics', { seed: 0.5 })).toThrow(RangeError);
    const nameless = { ...alike([1, 2, 3], [0, 1, 2]), tokens: featureTable(['x'], [Float64Array.of(1, 2, 3)]) };
    expect(() => learningCurve(nameless, 'physics')).toThrow(TypeError);
    // Rows 0 and 1 of five: folds 2 to 4 have nothing to judge by.
    const [point] = learningCurve(alike([1, 2, 1, 2], [0, 1, 5, 6]), 'physics');
    expect(point?.rows).toBe(3);
    // Ones are predicted as 2 (100 % off), twos as 1 (50 % off).
    expect(point?.mapePercent).toAgree(75, 1e-12);
  });
});

describe('trainMetric', () => {
  const random = seededRandom(4, 'train-metric');
  const draw = (low: number, high: number) => Math.floor(low + (high - low) * random());
  const input = Float64Array.from({ length: 40 }, () => draw(5, 900));
  const output = Float64Array.from({ length: 40 }, () => draw(2, 60));
  const noise = input.map(() => random() - 0.5);
  const rowsWith = (target: Float64Array): MetricRows => ({
    ...alike([...target], [...target.keys()]),
    tokens: tokensOf(input.slice(0, target.length), output.slice(0, target.length)),
  });
  const of = (f: (i: number, o: number, e: number) => number) =>
    rowsWith(input.map((i, k) => f(i, output[k] ?? 0, noise[k] ?? 0)));
  const smooth = of((i, o, e) => (1 + i / 100 + o) * (1 + 0.02 * e));

  it('needs five rows', () => {
    expect(thrownBy(() => trainMetric(alike([1, 2, 3, 4], [0, 1, 2, 3]), { regression: 'auto', level: 0.9 }))).toEqual({
      name: 'Token2MetricsError',
      message:
        'total: a model needs at least 5 rows that have it; got 4. With fewer, calibrate a model of another device (total)',
      code: 'token2metrics/not-enough-rows',
      column: 'total',
      value: 4,
      expected: 'at least 5',
    });
    const five = trainMetric(alike([1, 2, 3, 4, 5], [0, 1, 2, 3, 4]), { regression: 'physics', level: 0.9 });
    expect(five.model.predictor?.predict(tokensOf([100], [10]))).toAgree([middle([1, 2, 3, 4, 5])], 1e-12);
  });

  it('fits what it is told, judged by rows held out', () => {
    const { model, outOfFold: held } = trainMetric(smooth, { regression: 'linear', level: 0.8 });
    expect(held).toEqual(outOfFold(smooth, 'linear', {}));
    expect(model).toMatchObject({
      metric: 'total',
      method: 'linear',
      predictor: { form: 'regression' },
      fallback: { form: 'physics' },
      alternatives: [],
      candidates: [],
      range: { rows: 40 },
    });
    expect(model.validation).toEqual(validate(smooth.target, held, '5 folds, fold = row % 5', 0.8));
    const physics = trainMetric(smooth, { regression: 'physics', level: 0.8 }).model;
    expect(physics).not.toHaveProperty('fallback');
    expect(physics.method).toBe('physics');
  });

  const choiceOf = (rows: MetricRows, padding: number) => {
    const { model, outOfFold: held } = trainMetric(rows, { regression: 'auto', level: 0.9, trees: 3, padding });
    const [first] = model.candidates;
    const physics = model.candidates.find(({ regressor }) => regressor === 'physics');
    return {
      method: model.method,
      best: first?.regressor,
      ratio: (first?.mapePercent ?? 0) / (physics?.mapePercent ?? 0),
      isHeldBy: (name: 'polynomial' | 'physics') => held.every((v, k) => v === outOfFold(rows, name, { padding })[k]),
    };
  };

  it('keeps physics where nothing is better by a twentieth, and gives it up where something is', () => {
    // A plane, so that what physics loses is the rounding of prompts up to tiles: the larger these, the more, by and large.
    const [near, far] = [choiceOf(smooth, 4), choiceOf(smooth, 2)];
    expect(near.best).toBe('polynomial');
    expect(near.ratio).toBeGreaterThan(0.95);
    expect(near.ratio).toBeLessThan(1);
    expect(near.method).toBe('physics');
    expect(near.isHeldBy('physics')).toBe(true);
    expect(far.best).toBe('polynomial');
    expect(far.ratio).toBeLessThan(0.95);
    expect(far.ratio).toBeGreaterThan(0.9);
    expect(far.method).toBe('polynomial');
    expect(far.isHeldBy('polynomial')).toBe(true);
  });

  it('lists every regressor, best first, those that cannot be fitted last', () => {
    const { model } = trainMetric(smooth, { regression: 'all', level: 0.9, trees: 3, degree: 0 });
    expect(model.candidates).toHaveLength(5);
    const errors = model.candidates.slice(0, 4).map(({ mapePercent }) => mapePercent ?? Number.NaN);
    expect(errors).toEqual([...errors].sort((a, b) => a - b));
    expect(model.candidates[4]).toEqual({
      regressor: 'polynomial',
      mapePercent: null,
      reason: 'degree: must be a whole number from 1 to 100; got 0',
    });
    expect(model.alternatives.map(({ regressor }) => regressor)).toEqual(
      model.candidates.slice(0, 4).map(({ regressor }) => regressor),
    );
    for (const { regressor, predictor } of model.alternatives) {
      expect(predictor === model.predictor).toBe(regressor === model.method);
      expect(predictor.form).toBe(regressor === 'physics' ? 'physics' : 'regression');
    }
    expect(thrownBy(() => trainMetric(smooth, { regression: 'polynomial', level: 0.9, degree: 0 }))).toMatchObject({
      code: 'regression/bad-option',
      message: 'degree: must be a whole number from 1 to 100; got 0',
    });
  });

  it('says why nothing could be fitted', () => {
    expect(
      thrownBy(() =>
        trainMetric(
          of(() => Number.NaN),
          { regression: 'auto', level: 0.9 },
        ),
      ),
    ).toEqual({
      name: 'Token2MetricsError',
      message: 'total: no regressor could be fitted; target: must be a finite number; got NaN (row 0)',
      code: 'token2metrics/not-enough-rows',
    });
    const oneFold = alike([1, 2, 3, 4, 5], [0, 5, 10, 15, 20]);
    expect(thrownBy(() => trainMetric(oneFold, { regression: 'auto', level: 0.9 }))).toMatchObject({
      message: 'total: a model needs rows that have it; got none (total)',
    });
  });
});
