import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import { describe, expect, it } from 'vitest';
import { activeSum, prefixSum, runningSum, sumBetween, timeGrid } from '../src/index.js';

describe('prefixSum', () => {
  it.each([1, 2, 1023, 1024, 1025, 2048, 5000])('of %d terms gives every difference', (n) => {
    const random = seededRandom(n);
    const terms = Float64Array.from({ length: n }, random);
    const running = prefixSum(terms);
    for (const [from, to] of [
      [0, n],
      [0, 0],
      [n, n],
      [n - 1, n],
      [n >> 1, n],
      [n >> 2, n >> 1],
      [0, n >> 1],
    ] as const) {
      const plain = terms.subarray(from, to).reduce((a, b) => a + b, 0);
      expect(sumBetween(running, from, to)).toAgree(plain, 1e-12, 1e-15);
    }
  });

  it('keeps the digits of a small term after many large ones', () => {
    const n = 200_000;
    const terms = new Float64Array(n).fill(1e7 / 3);
    terms[n - 2] = 1e-3;
    const running = prefixSum(terms);
    // A plain running total near 7e11 has a last place of 1e-4, a tenth of this term.
    expect(sumBetween(running, n - 2, n - 1)).toAgree(1e-3, 1e-15);
    expect(sumBetween(running, 0, n)).toAgree((n - 1) * (1e7 / 3) + 1e-3, 1e-15);
  });
});

describe('activeSum', () => {
  it('forgets a huge weight that has gone', () => {
    const grid = timeGrid(new Float64Array([0, 0, 1]), new Float64Array([9, 1, 2]));
    expect(activeSum(grid, new Float64Array([0.1, 1e15, 0.2])).slice(1)).toAgree([0.3, 0.1], 1e-15);
  });

  it('forgets it also where several weights begin and end at one boundary, and keeps what small ones left', () => {
    const grid = timeGrid(new Float64Array([0, 0, 0, 1]), new Float64Array([1, 1, 2, 2]));
    // 0.1 + 1e16 and back: a plain sum would have lost 0.1 at the first boundary.
    expect(activeSum(grid, new Float64Array([1e16, 0.25, 0.1, 0.2]))).toAgree([1e16, 0.3], 1e-15);
  });
});

describe('runningSum', () => {
  // Beside 1e16 the next double is 1e16 + 2: a plain sum loses every 1.
  it.each([
    ['small changes after a large one', [1e16, 1, 1, -1e16], [1e16, 1e16, 1e16 + 2, 2]],
    ['a small change before a large one', [1, 1e16, -1e16, 1], [1, 1e16, 1, 2]],
    ['small changes below zero', [-1e16, -1, -1, 1e16], [-1e16, -1e16, -1e16 - 2, -2]],
  ])('keeps %s', (_, changes, levels) => {
    expect([...runningSum(Float64Array.from(changes), 4)]).toEqual(levels);
  });

  it('answers the first values, in place, with what rounding took away from the changes', () => {
    const change = Float64Array.of(3, -1, 4, 99);
    const levels = runningSum(change, 3, Float64Array.of(0.25, 0, 0.5, 7));
    expect([...levels]).toEqual([3.25, 2.25, 6.75]);
    expect([...change]).toEqual([3.25, 2.25, 6.75, 99]);
  });
});
