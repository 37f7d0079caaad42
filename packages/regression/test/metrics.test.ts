import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { regressionMetrics } from '../src/index.js';
import { CompensatedSum, meanOf } from '../src/metrics/compensated-sum.js';
import { medianOf, quantileSorted } from '../src/metrics/quantile-sorted.js';
import { refusalOf } from './refusal.js';

describe('CompensatedSum', () => {
  it('keeps what a plain sum drops, whichever of the two terms is the larger', () => {
    const sum = new CompensatedSum();
    for (const value of [1, 1e100, 1, -1e100]) sum.add(value);
    expect(sum.value).toBe(2);
    const tenths = new CompensatedSum();
    for (let i = 0; i < 1000; i++) tenths.add(0.1);
    expect(tenths.value).toBe(100);
  });
});

describe('meanOf', () => {
  it('weighs rows, and takes no weights for ones', () => {
    expect(meanOf(Float64Array.of(1, 2, 6))).toBe(3);
    expect(meanOf(Float64Array.of(1, 2, 6), Float64Array.of(0, 3, 1))).toBe(3);
    expect(meanOf(Float64Array.of(1, 5), Float64Array.of(3, 1))).toBe(2);
  });
});

describe('quantiles', () => {
  it('interpolate between order statistics as type 7 does, up to both ends', () => {
    const sorted = Float64Array.of(1, 2, 4, 8);
    expect([0, 0.25, 0.5, 0.9, 1].map((p) => quantileSorted(sorted, p))).toAgree([1, 1.75, 3, 6.8, 8], 1e-14);
    expect(quantileSorted(Float64Array.of(7), 1)).toBe(7);
    expect(quantileSorted(Float64Array.of(7), 0.3)).toBe(7);
  });

  it('the median of unsorted values leaves them unsorted, and sorts by value', () => {
    const values = Float64Array.of(10, 9, 200, -1, 100);
    expect(medianOf(values)).toBe(10);
    expect([...values]).toEqual([10, 9, 200, -1, 100]);
    expect(medianOf(Float64Array.of(4, 1, 3, 2))).toBe(2.5);
  });
});

describe('regressionMetrics', () => {
  it('gives every figure of four errors by hand', () => {
    const got = regressionMetrics(Float64Array.of(10, -20, 30, 40), Float64Array.of(12, -21, 30, 45));
    expect(Object.keys(got)).toEqual([
      'n',
      'mse',
      'rmse',
      'mae',
      'mapePercent',
      'medianAbsoluteError',
      'p90AbsoluteError',
      'p95AbsoluteError',
      'p99AbsoluteError',
      'maxAbsoluteError',
      'bias',
      'r2',
      'explainedVariance',
    ]);
    // Absolute errors 0, 1, 2, 5; relative ones 0.2, 0.05, 0, 0.125; measured values about their mean 15: -5, -35, 15, 25.
    const want = [4, 7.5, Math.sqrt(7.5), 2, 9.375, 1.5, 4.1, 4.55, 4.91, 5, 1.5, 1 - 30 / 2100, 1 - 21 / 2100];
    expect(Object.values(got).map(Number)).toAgree(want, 1e-14);
  });

  it('knows a constant from a column that only begins like one, and a zero among the measured', () => {
    expect(regressionMetrics(Float64Array.of(2, 2, 3), Float64Array.of(2, 2, 3))).toMatchObject({
      r2: 1,
      explainedVariance: 1,
      mapePercent: 0,
    });
    expect(regressionMetrics(Float64Array.of(2), Float64Array.of(3))).toMatchObject({
      r2: null,
      explainedVariance: null,
      mapePercent: 50,
    });
    expect(regressionMetrics(Float64Array.of(3, 0, 1), Float64Array.of(3, 1, 1)).mapePercent).toBeNull();
  });

  it('refuses no rows, columns of two lengths, and what is no number', () => {
    expect(refusalOf(() => regressionMetrics(Float64Array.of(), Float64Array.of()))).toMatchObject({
      code: 'regression/no-rows',
      message: 'measured: must have at least one row; got 0',
    });
    expect(refusalOf(() => regressionMetrics(Float64Array.of(1, 2), Float64Array.of(1, 2, 3)))).toMatchObject({
      code: 'regression/length-mismatch',
      message: 'predicted: must have as many rows as measured (2); got 3',
      value: 3,
      expected: '2',
    });
    expect(
      refusalOf(() => regressionMetrics(Float64Array.of(1, 2), Float64Array.of(1, Number.POSITIVE_INFINITY))),
    ).toMatchObject({
      code: 'regression/bad-column',
      message: 'predicted, measured: must be finite numbers; got Infinity, 2 (row 1)',
      row: 1,
      value: Number.POSITIVE_INFINITY,
    });
  });
});
