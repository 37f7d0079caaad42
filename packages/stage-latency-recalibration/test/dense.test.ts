import '@stepclock/vitest-matchers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choleskyFactor, inverseOfFactored } from '../src/smooth/dense.js';

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
        const l = choleskyFactor(a, n) ?? new Float64Array(0);
        const inverse = inverseOfFactored(l, n);
        const at = (i: number, j: number) => inverse[Math.max(i, j) * n + Math.min(i, j)] ?? Number.NaN;
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) {
            let product = 0;
            let one = 0;
            for (let k = 0; k < n; k++) {
              product += (l[i * n + k] ?? 0) * (l[j * n + k] ?? 0);
              one += at(i, k) * (a[k * n + j] ?? 0);
            }
            expect(product).toAgree(a[i * n + j] ?? 0, 1e-11, 1e-11);
            expect(one).toAgree(i === j ? 1 : 0, 1e-8, 1e-8);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('says so when a matrix is not positive definite', () => {
    expect(choleskyFactor(Float64Array.from([1, 2, 2, 1]), 2)).toBeUndefined();
    expect(choleskyFactor(Float64Array.from([Number.NaN]), 1)).toBeUndefined();
  });
});
