import { describe, expect, it } from 'vitest';
import { roundingOf } from '../src/index.js';

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
