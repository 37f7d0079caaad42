import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { regressionMetrics } from '../src/index.js';
import { refusalOf } from './refusal.js';

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
    });
    expect(
      refusalOf(() => regressionMetrics(Float64Array.of(1, 2), Float64Array.of(1, Number.POSITIVE_INFINITY))),
    ).toMatchObject({
      code: 'regression/bad-column',
      message: 'predicted: must be a finite number; got Infinity (row 1)',
      row: 1,
      value: Number.POSITIVE_INFINITY,
    });
  });
});
