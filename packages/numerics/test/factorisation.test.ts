import '@stepclock/vitest-matchers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choleskyFactor, inverseOfFactored, solveLowerInPlace, solveUpperInPlace } from '../src/index.js';

/** `B B' + 1/2`, symmetric and positive definite. */
const definite = (n: number, shift: number): Float64Array => {
  const b = Float64Array.from({ length: n * n }, (_, k) => Math.sin(shift + 3 * k));
  return Float64Array.from({ length: n * n }, (_, e) => {
    const [i, j] = [Math.floor(e / n), e % n];
    let sum = i === j ? 0.5 : 0;
    for (let k = 0; k < n; k++) sum += (b[i * n + k] ?? 0) * (b[j * n + k] ?? 0);
    return sum;
  });
};

describe('choleskyFactor, inverseOfFactored', () => {
  it('the factor times its transpose is the matrix, and the inverse times the matrix is 1, at every size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 14 }), fc.double({ min: 0, max: 6, noNaN: true }), (n, shift) => {
        const a = definite(n, shift);
        // Only the lower triangle is read.
        const lower = a.map((value, e) => (e % n > Math.floor(e / n) ? Number.NaN : value));
        const l = choleskyFactor(lower, n) ?? new Float64Array(0);
        const inverse = inverseOfFactored(l, n);
        const at = (i: number, j: number) => inverse[Math.max(i, j) * n + Math.min(i, j)] ?? Number.NaN;
        const cells = Array.from({ length: n * n }, (_, e): [number, number] => [Math.floor(e / n), e % n]);
        const sums = cells.map(([i, j]) => {
          let product = 0;
          let one = 0;
          for (let k = 0; k < n; k++) {
            product += (l[i * n + k] ?? 0) * (l[j * n + k] ?? 0);
            one += at(i, k) * (a[k * n + j] ?? 0);
          }
          return { product, one };
        });
        expect(sums.map(({ product }) => product)).toAgree(a, 1e-11, 1e-11);
        expect(sums.map(({ one }) => one)).toAgree(
          cells.map(([i, j]) => (i === j ? 1 : 0)),
          1e-8,
          1e-8,
        );
      }),
      { numRuns: 40 },
    );
  });

  it('says so when a matrix is not positive definite', () => {
    expect(choleskyFactor(Float64Array.from([1, 2, 2, 1]), 2)).toBeUndefined();
    expect(choleskyFactor(Float64Array.from([Number.NaN]), 1)).toBeUndefined();
    // Singular: the second column is twice the first.
    expect(choleskyFactor(Float64Array.from([1, 2, 2, 4]), 2)).toBeUndefined();
  });

  it('by hand, with nothing above the diagonal', () => {
    // [4 2 6; 2 5 7; 6 7 19] = L L', L = [2 0 0; 1 2 0; 3 2 sqrt 6].
    const l = choleskyFactor(Float64Array.of(4, 2, 6, 2, 5, 7, 6, 7, 19), 3) ?? new Float64Array(0);
    expect(l).toAgree([2, 0, 0, 1, 2, 0, 3, 2, Math.sqrt(6)], 1e-15);
    // Its inverse, by cofactors over the determinant 96: 46, 4, -16; 40, -16; 16.
    expect(inverseOfFactored(l, 3)).toAgree([46 / 96, 0, 0, 4 / 96, 40 / 96, 0, -16 / 96, -16 / 96, 16 / 96], 1e-14);
  });
});

describe('solveLowerInPlace, solveUpperInPlace', () => {
  const l = Float64Array.of(2, 99, 99, 1, 4, 99, 3, -1, 5);

  it('by hand, in place, whatever stands above the diagonal', () => {
    // 2 a = 4; a + 4 b = -2; 3 a - b + 5 c = 17.
    const b = Float64Array.of(4, -2, 17);
    expect(solveLowerInPlace(l, 3, b)).toBe(b);
    expect(b).toAgree([2, -1, 2], 1e-15);
    // 5 c = 5; 4 b - c = 7; 2 a + b + 3 c = 11.
    const c = Float64Array.of(11, 7, 5);
    expect(solveUpperInPlace(l, 3, c)).toBe(c);
    expect(c).toAgree([3, 2, 1], 1e-15);
  });
});
