import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
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
    expect(x.reduce((a, b) => a + b)).toAgree(alone.x[0], 1e-14);
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

  it('stops at the limit with the best point so far, and says how far that is from a minimum', () => {
    const diagonal = [
      [1, 0],
      [0, 1],
    ];
    const after = (maxIterations: number) => nnls(diagonal, [3, 4], { maxIterations });
    // The dual of the target over |a| (|b| + |a| x): 4 / 5; then 3 / (5 + 4).
    expect(after(0)).toMatchObject({ iterations: 0, residualNorm: 5, converged: false });
    expect(after(0).kktViolation).toAgree(0.8, 1e-15);
    expect([...after(0).x]).toEqual([0, 0]);
    expect(after(1)).toMatchObject({ iterations: 1, residualNorm: 3, converged: false });
    expect(after(1).kktViolation).toAgree(1 / 3, 1e-14);
    expect(after(1).x).toAgree([0, 4], 1e-15);
    expect(after(2)).toMatchObject({ iterations: 2, kktViolation: 0, converged: true });
    expect(after(2).x).toAgree([3, 4], 1e-15);
  });

  it('has room for more than thirty columns', () => {
    const n = 40;
    const rows = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => (i === j ? 1 : 0)));
    const { x, iterations, converged } = nnls(rows, new Float64Array(n).fill(2));
    expect(x).toAgree(new Float64Array(n).fill(2), 1e-15);
    expect([iterations, converged]).toEqual([n, true]);
  });

  it('gives columns of the smallest and largest numbers their coefficients', () => {
    for (const size of [5e-324, 1e-310, 1e-160, 1e160, 1e300]) {
      const { x, residualNorm } = nnls([[size], [0]], [2 * size, size]);
      expect(x).toAgree([2], 1e-12);
      expect(residualNorm).toAgree(size, 1e-12);
    }
  });

  it('ends on columns that nearly depend on each other, with the certificate of a minimum', () => {
    const random = seededRandom(8, 'nearly dependent');
    for (let trial = 0; trial < 400; trial++) {
      const [m, n] = [4 + (trial % 9), 2 + (trial % 5)];
      const distance = 10 ** (-6 - (trial % 11));
      const base = Array.from({ length: m }, () => random() + 0.1);
      const rows = base.map((b) => Array.from({ length: n }, () => b + distance * (random() - 0.5)));
      const target = rows.map((row) => row.reduce((sum, a) => sum + a * random(), 0) + distance * (random() - 0.5));
      const { x, iterations, converged, kktViolation, residualNorm } = nnls(rows, target);
      expect(converged).toBe(true);
      expect(kktViolation).toBeLessThan(1e-13);
      expect(iterations).toBeLessThan(30);
      expect(Math.min(...x)).toBeGreaterThanOrEqual(0);
      // Never worse than the best single column.
      for (let j = 0; j < n; j++) {
        const alone = nnls(
          rows.map((row) => [row[j]]),
          target,
        );
        expect(residualNorm).toBeLessThanOrEqual(alone.residualNorm * (1 + 1e-12) + 1e-15 * Math.hypot(...target));
      }
    }
  });

  it.each([
    [
      'length-mismatch',
      'ragged rows',
      () => nnls([[1, 2], [3]], [1, 2]),
      'matrix: must have 2 values in every row; got 1 (row 1)',
    ],
    [
      'length-mismatch',
      'a target of another length',
      () => nnls([[1, 2]], [1, 2]),
      'matrix: must have 2 rows, as the target has; got 1',
    ],
    ['not-finite', 'NaN', () => nnls([[Number.NaN]], [1]), 'column 0: must be a finite number; got NaN (row 0)'],
    [
      'overflow',
      'an answer beyond doubles',
      () => nnls([[1e-300]], [1e300]),
      'solution: must fit into doubles: its columns are far too small for the target',
    ],
  ])('refuses with %s: %s', (code, _, attempt, message) => {
    expect(attempt).toThrow(expect.objectContaining({ name: 'Fault', code: `nnls-solver/${code}`, message }));
  });
});
