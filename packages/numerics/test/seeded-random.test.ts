import { describe, expect, it } from 'vitest';
import { seededRandom, shuffled } from '../src/index.js';

const draw = (n: number, next: () => number) => Array.from({ length: n }, next);

describe('seededRandom', () => {
  it('repeats itself for the same seed and stream, and only for those', () => {
    const first = draw(5, seededRandom(7, 'a'));
    expect(draw(5, seededRandom(7, 'a'))).toEqual(first);
    expect(draw(5, seededRandom(7, 'b'))).not.toEqual(first);
    expect(draw(5, seededRandom(8, 'a'))).not.toEqual(first);
    expect(draw(5, seededRandom(7 + 2 ** 32, 'a'))).not.toEqual(first);
  });

  // Computed apart from this code, in Python with 64-bit integers: FNV-1a of the name, MurmurHash3's finaliser, pure-rand's seeding
  // (upper word all ones), 16 steps of xoroshiro128+, then 27 and 26 bits of two draws.
  it.each([
    [1, '', [0.5383989202038633, 0.44704161237912465, 0.048380684401644225]],
    [1, 'arrivals', [0.0851821956364357, 0.6861773537685026, 0.6173856409323408]],
    [-3, '', [0.704556955392527, 0.6123388538568508, 0.21096676601013897]],
    [2 ** 40 + 5, 'x', [0.8361157689418981, 0.4269748401592701, 0.5046821729869814]],
  ])('gives the same numbers on every machine: seed %d, stream "%s"', (seed, stream, numbers) => {
    expect(draw(3, seededRandom(seed, stream))).toEqual(numbers);
  });

  it('takes the stream without a name when none is given', () => {
    expect(draw(3, seededRandom(1))).toEqual(draw(3, seededRandom(1, '')));
  });

  it('is uniform: mean and variance of 1e5 numbers within five standard errors', () => {
    const u = draw(1e5, seededRandom(1));
    const mean = u.reduce((s, x) => s + x, 0) / u.length;
    const variance = u.reduce((s, x) => s + (x - mean) ** 2, 0) / u.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / u.length));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / u.length));
    expect(Math.min(...u.slice(0, 1000))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...u.slice(0, 1000))).toBeLessThan(1);
  });

  it('decorrelates neighbouring seeds', () => {
    const a = Array.from({ length: 2000 }, (_, s) => seededRandom(s)());
    const b = a.slice(1);
    const correlation = b.reduce((s, x, i) => s + (x - 0.5) * (a[i] - 0.5), 0) / b.length / (1 / 12);
    expect(Math.abs(correlation)).toBeLessThan(5 / Math.sqrt(b.length));
  });

  it('refuses a seed that is not an integer', () => {
    expect(() => seededRandom(Number.NaN)).toThrow('seed: must be a safe integer; got NaN');
  });
});

describe('shuffled', () => {
  it('is a permutation', () => {
    expect([...shuffled(100, seededRandom(3))].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('is the identity when every draw keeps its place, and a rotation when every draw takes the first', () => {
    expect([...shuffled(4, () => 1 - 2 ** -53)]).toEqual([0, 1, 2, 3]);
    expect([...shuffled(4, () => 0)]).toEqual([1, 2, 3, 0]);
  });

  it('takes n - 1 numbers from its source, none for nothing or for one', () => {
    for (const [n, expected] of [
      [0, 0],
      [1, 0],
      [2, 1],
      [10, 9],
    ] as const) {
      let taken = 0;
      const order = shuffled(n, () => {
        taken++;
        return 0.5;
      });
      expect([order.length, taken]).toEqual([n, expected]);
    }
  });

  it('gives every order of four the same chance: chi-squared over 24 cells below its 99.9 % point', () => {
    const random = seededRandom(11);
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = shuffled(4, random).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect([...counts.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0)).toBeLessThan(49.7);
  });
});
