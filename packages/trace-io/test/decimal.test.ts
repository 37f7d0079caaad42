import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecimalReader } from '../src/bytes/decimal.js';

const encoder = new TextEncoder();
const reader = new DecimalReader();
const read = (text: string): { value: number; next: number } => {
  const value = reader.read(encoder.encode(`${text},`), 0);
  return { value, next: reader.next };
};

/** Reads as `Number` does to the last bit, or not at all. */
function expectSame(text: string): boolean {
  const { value, next } = read(text);
  if (Number.isNaN(value)) return false;
  expect({ text, value }).toEqual({ text, value: Number(text) });
  expect(next).toBe(text.length);
  return true;
}

describe('DecimalReader', () => {
  test.each(['0', '-0', '7', '0.1', '.5', '5.', '-12.75', '1e3', '1E-9', '2.5e+7', '0.0000000001', '27536.660721646'])(
    'reads %s',
    (text) => expect(expectSame(text)).toBe(true),
  );

  test.each(['', '-', '.', '+1', 'e5', '1e', '1e-', 'NaN', '1e999', '1e-400', '12345678901234567890'])(
    'leaves %j alone',
    (text) => expect(read(text).value).toBeNaN(),
  );

  test('stops at the first byte that is no part of the number', () => {
    expect(read('12x')).toEqual({ value: 12, next: 2 });
    expect(read('0x10')).toEqual({ value: 0, next: 1 });
    expect(read('1.2.3')).toEqual({ value: 1.2, next: 3 });
  });

  test.each([
    '9007199254740993', // halfway between two doubles
    '0.9007199254740993',
    '9007199254740992.5',
    '4503599627370496.5',
    '2.2250738585072014e-5',
    '0.041560001930607084',
    '179769313486231570',
  ])('hard case %s is right or left alone', (text) => {
    expectSame(text);
  });

  test('a double printed by its shortest decimal comes back bit for bit, and nearly always without Number', () => {
    let read = 0;
    let all = 0;
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: 1e-4, max: 1e9 }), (value) => {
        all++;
        if (expectSame(String(value))) read++;
      }),
      { numRuns: 20_000 },
    );
    expect(read / all).toBeGreaterThan(0.95);
  });

  test('any decimal text is read as Number reads it, or not at all', () => {
    const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{0,${max}}$`));
    fc.assert(
      fc.property(
        digits(12),
        digits(12),
        fc.integer({ min: -30, max: 30 }),
        fc.boolean(),
        (whole, part, exponent, short) => {
          const text = `${whole}.${part}${short ? '' : `e${exponent}`}`;
          if (Number.isNaN(Number(text))) return;
          expectSame(text);
        },
      ),
      { numRuns: 20_000 },
    );
  });

  test('numbers next to a rounding tie are read as Number reads them, or not at all', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 31 }),
        fc.integer({ min: 0, max: 2 ** 21 }),
        fc.integer({ min: 0, max: 9 }),
        (a, b, last) => {
          // Odd multiples of half a unit in the last place, and their neighbours.
          const tie = (BigInt(a) * 2n ** 22n + BigInt(b)) * 2n + 1n;
          expectSame(String(tie));
          expectSame(`0.${tie}`);
          expectSame(`${tie}${last}`.replace(/(.{6})$/, '.$1'));
        },
      ),
      { numRuns: 20_000 },
    );
  });
});
