import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CompensatedSum,
  compensatedSum,
  meanOf,
  medianOf,
  quantileOf,
  quantileSorted,
  robustSd,
  sortedCopy,
} from '../src/index.js';

const columns = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 });

describe('quantiles', () => {
  it('are those of Hyndman and Fan, type 7 (R: quantile(c(1, 2, 4, 8), c(0.1, 0.5, 0.9)))', () => {
    expect(quantileOf([4, 1, 8, 2], 0.1)).toBeCloseTo(1.3, 12);
    expect(medianOf([4, 1, 8, 2])).toBe(3);
    expect(quantileOf([4, 1, 8, 2], 0.9)).toBeCloseTo(6.8, 12);
    expect(medianOf([])).toBeNaN();
  });

  it('selection gives what sorting gives, and leaves its input alone', () => {
    fc.assert(
      fc.property(columns, fc.double({ min: 0, max: 1, noNaN: true }), (values, p) => {
        const before = [...values];
        expect(quantileOf(values, p)).toBe(quantileSorted(sortedCopy(values), p));
        expect(values).toEqual(before);
      }),
    );
  });

  it('robust sd of a normal sample is its sd', () => {
    // Quartiles of the standard normal: median absolute deviation 0.6745.
    expect(robustSd([-0.6744897501960817, 0.6744897501960817])).toBeCloseTo(1, 12);
    expect(robustSd([5, 5, 5, 900])).toBe(0);
  });
});

describe('compensated sums', () => {
  it('lose nothing to large numbers that cancel', () => {
    expect(compensatedSum([1, 1e100, 1, -1e100])).toBe(2);
    const sum = new CompensatedSum();
    for (const value of [1, 1e100, 1, -1e100]) sum.add(value);
    expect(sum.value).toBe(2);
  });

  it('a mean is invariant under the order of its rows', () => {
    fc.assert(
      fc.property(columns, (values) => {
        expect(meanOf(values)).toAgree(meanOf([...values].reverse()), 1e-13, 1e-9);
      }),
    );
  });

  it('weights', () => {
    expect(meanOf([1, 5], [3, 1])).toBe(2);
  });
});
