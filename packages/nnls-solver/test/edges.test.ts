import '@stepclock/vitest-matchers';
import { Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { nnls } from '../src/index.js';

describe('nnls at its edges', () => {
  it('answers the example of its documentation', () => {
    const rows = [
      [1, 0],
      [1, 0],
      [0, 1],
    ];
    const { x, residualNorm, dual, converged, iterations } = nnls(rows, [2, 1, -1]);
    expect(x).toAgree([1.5, 0], 1e-15);
    expect(residualNorm).toAgree(Math.sqrt(1.5), 1e-15);
    expect(dual).toAgree([0, -1], 1e-14, 1e-15);
    expect({ converged, iterations }).toEqual({ converged: true, iterations: 1 });
    expect(nnls(new Matrix(rows), [2, 1, -1]).x).toEqual(x);
  });

  it.each([
    ['no rows', [], [], [], 0],
    ['no columns', [[], []], [3, 4], [], 5],
    [
      'a target of zeros',
      [
        [1, 2],
        [3, 4],
      ],
      [0, 0],
      [0, 0],
      0,
    ],
    [
      'columns of zeros',
      [
        [0, 0],
        [0, 0],
      ],
      [3, 4],
      [0, 0],
      5,
    ],
    [
      'columns that all point away',
      [
        [1, 2],
        [1, 1],
      ],
      [-3, -4],
      [0, 0],
      5,
    ],
  ])('%s: a plain answer', (_, rows, target, x, residual) => {
    const got = nnls(rows, target);
    expect(got.x).toAgree(x, 0);
    expect(got.residualNorm).toAgree(residual, 1e-15);
    expect(got.converged).toBe(true);
  });

  it('exactly equal columns: any split of the coefficient, the residual of one', () => {
    const rows = [1, 2, 3, 4].map((v) => [v, v, v]);
    const { x, residualNorm } = nnls(rows, [2, 4, 6, 9]);
    const alone = nnls([[1], [2], [3], [4]], [2, 4, 6, 9]);
    expect(x.reduce((a, b) => a + b)).toAgree(alone.x[0] as number, 1e-14);
    expect(residualNorm).toAgree(alone.residualNorm, 1e-14);
  });

  it('columns that differ in the last bits do not make coefficients explode without bound', () => {
    const rows = [1, 2, 3, 4, 5].map((v, i) => [v, v * (1 + (i % 2) * 2 ** -52)]);
    const { x, residualNorm } = nnls(rows, [1.1, 1.9, 3.2, 3.9, 5.05]);
    expect(Math.max(...x)).toBeLessThan(2);
    expect(residualNorm).toAgree(
      nnls(
        rows.map(([v]) => [v as number]),
        [1.1, 1.9, 3.2, 3.9, 5.05],
      ).residualNorm,
      1e-10,
    );
  });

  it('stops at the limit with a feasible answer and says so', () => {
    const rows = [
      [3, 1, 0],
      [0, 2, 1],
      [1, 0, 2],
    ];
    const { x, residualNorm, converged } = nnls(rows, [4, 3, 3], { maxIterations: 1 });
    expect(converged).toBe(false);
    expect(Math.min(...x)).toBeGreaterThanOrEqual(0);
    expect(residualNorm).toBeLessThan(Math.hypot(4, 3, 3));
  });

  it.each([
    ['ragged rows', () => nnls([[1, 2], [3]], [1, 2]), 'matrix: must have 2 rows of 2 values; got row 1 with 1'],
    ['a target of another length', () => nnls([[1, 2]], [1, 2]), 'matrix: must have 2 rows of 2 values; got 1 rows'],
    ['NaN', () => nnls([[Number.NaN]], [1]), 'column 0: values must be finite; got NaN in row 0'],
    [
      'an answer beyond doubles',
      () => nnls([[1e-300]], [1e300]),
      'solution: must fit into a double; got an overflow (columns far too small for the target)',
    ],
  ])('refuses %s', (_, attempt, message) => {
    expect(attempt).toThrow(expect.objectContaining({ name: 'NnlsError', message }));
  });
});
