import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { CompensatedSum, meanOf, roundingOf } from '../src/index.js';

describe('roundingOf', () => {
  const lost = (a: number, b: number) => roundingOf(a, b, a + b);

  it('is what a double cannot hold beside a larger one, whichever of the two comes first', () => {
    expect([lost(1e16, 1), lost(1, 1e16)]).toEqual([1, 1]);
    expect([lost(-1e16, -1), lost(1e100, 3)]).toEqual([-1, 3]);
    // Halfway between two doubles the even one is taken: 2^53 + 3 becomes 2^53 + 4.
    expect(lost(2 ** 53, 3)).toBe(-1);
  });

  it('is nothing where the sum is a double', () => {
    expect([lost(1, 2), lost(0.5, -0.5), lost(0, 0), lost(2 ** 52, 1)]).toEqual([0, 0, 0, 0]);
  });
});

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
