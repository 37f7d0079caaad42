import '@stepclock/vitest-matchers';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fUpperTail, tQuantile, tUpperTail } from '../src/index.js';

const golden: {
  readonly t_df_upper_tail: readonly [t: number, df: number, tail: number][];
  readonly f_df1_df2_upper_tail: readonly [f: number, df1: number, df2: number, tail: number][];
} = JSON.parse(readFileSync(join(import.meta.dirname, '../../../fixtures/numerics/tails.json'), 'utf8'));

const degrees = fc.double({ min: 0.5, max: 1e9, noNaN: true });
const shares = fc.double({ min: 1e-12, max: 1 - 1e-12, noNaN: true });

describe("Student's t", () => {
  it.each(golden.t_df_upper_tail)('P(T > %d) with %d degrees of freedom, and back', (t, df, tail) => {
    expect(tUpperTail(t, df)).toAgree(tail, 2e-13);
    expect(tUpperTail(-t, df)).toAgree(1 - tail, 2e-13);
    expect(-tQuantile(tail, df)).toAgree(t, 1e-12);
  });

  it('with 1 and 2 degrees of freedom is the arctangent and a root', () => {
    for (const t of [1e-3, 0.7, 3, 1e4]) {
      expect(tUpperTail(t, 1)).toAgree(Math.atan(1 / t) / Math.PI, 1e-13);
      expect(tUpperTail(t, 2)).toAgree(1 / (2 + t * t) / (1 + t / Math.sqrt(2 + t * t)), 1e-13);
    }
  });

  it('with a million times a million is the normal', () => {
    expect(tQuantile(0.975, 1e12)).toAgree(1.959963984540054, 1e-11);
    expect(tUpperTail(5, 1e12)).toAgree(2.866515718791939e-7, 1e-9);
  });

  it('the quantile is the inverse of the tail, and odd about a half', () => {
    fc.assert(
      fc.property(shares, degrees, (p, df) => {
        const t = tQuantile(p, df);
        expect(p < 0.5 ? tUpperTail(-t, df) : 1 - tUpperTail(t, df)).toAgree(p, 1e-9);
        expect(tQuantile(1 - p, df)).toAgree(-t, 1e-3, 1e-9);
      }),
    );
  });

  it('has ends, a middle, and NaN for what is none', () => {
    expect([tUpperTail(0, 3), tUpperTail(Infinity, 3), tUpperTail(-Infinity, 3)]).toEqual([0.5, 0, 1]);
    expect(tQuantile(0.5, 7)).toBe(0);
    expect(tQuantile(1e-300, 3)).toAgree(-1.0331e100, 1e-4);
    for (const [p, df] of [
      [0, 3],
      [1, 3],
      [-1, 3],
      [0.5, 0],
      [1e-200, 1],
      [0.9, Number.NaN],
      [Number.NaN, 3],
    ] as const) {
      expect(tQuantile(p, df)).toBeNaN();
    }
    expect(tUpperTail(Number.NaN, 3)).toBeNaN();
  });
});

describe("Fisher's F", () => {
  it.each(golden.f_df1_df2_upper_tail)('P(F > %d) with %d and %d degrees of freedom', (f, df1, df2, tail) => {
    expect(fUpperTail(f, df1, df2)).toAgree(tail, 2e-13);
  });

  it('of one numerator is the square of t, and turns over with its degrees', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 50, noNaN: true }), degrees, degrees, (t, df, other) => {
        expect(fUpperTail(t * t, 1, df)).toAgree(2 * tUpperTail(t, df), 1e-11, 1e-300);
        expect(fUpperTail(t, df, other)).toAgree(1 - fUpperTail(1 / t, other, df), 1e-6, 1e-8);
      }),
    );
  });

  it('has ends', () => {
    expect([fUpperTail(0, 2, 3), fUpperTail(-1, 2, 3), fUpperTail(Infinity, 2, 3)]).toEqual([1, 1, 0]);
    expect(fUpperTail(Number.NaN, 2, 3)).toBeNaN();
  });
});
