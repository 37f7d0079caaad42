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
    const correlation = b.reduce((s, x, i) => s + (x - 0.5) * ((a[i] as number) - 0.5), 0) / b.length / (1 / 12);
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
});
