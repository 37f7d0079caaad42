import fc from 'fast-check';
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js';
import { describe, expect, test } from 'vitest';
import { walkDeltaBlocks } from '../src/parquet/delta-blocks.js';
import { walkRuns } from '../src/parquet/run-lengths.js';

const fault = (expected: string, value: unknown): Error => new Error(`${expected}; got ${String(value)}`);
const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) + 128, ...varint(value >> 7)]);

/** Values of `width` bits as one run of each kind after another. */
function encoded(runs: readonly (readonly number[])[], width: number): Uint8Array {
  const bytes: number[] = [];
  for (const [i, run] of runs.entries()) {
    const [first = 0] = run;
    if (i % 2 === 0) {
      bytes.push(...varint(run.length * 2));
      for (let shift = 0; shift < width; shift += 8) bytes.push(Math.floor(first / 2 ** shift) % 256);
    } else {
      bytes.push(...varint((run.length / 8) * 2 + 1));
      const bits = run.flatMap((value) => Array.from({ length: width }, (_, bit) => Math.floor(value / 2 ** bit) % 2));
      for (let k = 0; k < bits.length; k += 8) {
        bytes.push(bits.slice(k, k + 8).reduce((sum, bit, j) => sum + bit * 2 ** j, 0));
      }
    }
  }
  return Uint8Array.from(bytes);
}

describe('runs', () => {
  test('are walked as hyparquet decodes them', () => {
    const cases = fc.integer({ min: 1, max: 20 }).chain((width) => {
      const value = fc.nat(2 ** width - 1);
      const repeated = fc.tuple(value, fc.integer({ min: 1, max: 300 })).map(([v, n]) => Array<number>(n).fill(v));
      const packed = fc
        .integer({ min: 1, max: 4 })
        .chain((n) => fc.array(value, { minLength: 8 * n, maxLength: 8 * n }));
      return fc.tuple(fc.constant(width), fc.array(fc.tuple(repeated, packed), { minLength: 1, maxLength: 4 }));
    });
    fc.assert(
      fc.property(cases, ([width, pairs]) => {
        const runs = pairs.flat();
        const bytes = encoded(runs, width);
        const values = runs.flat();
        const decoded = new Array<number>(values.length);
        const reader = { view: new DataView(bytes.buffer), offset: 0 };
        readRleBitPackedHybrid(reader, width, decoded, bytes.length);
        expect(decoded).toEqual(values);
        expect(walkRuns(bytes, 0, bytes.length, width, values.length, fault)).toEqual({
          end: bytes.length,
          largest: values.reduce((most, v) => Math.max(most, v), 0),
          nonZero: values.filter((v) => v !== 0).length,
        });
      }),
    );
  });

  test.each([
    [
      'a run of two thousand million',
      [0xfe, 0xff, 0xff, 0xff, 0x0f, 1],
      /runs of 10 more values at most; got 2147483647/,
    ],
    ['packed groups without end', [0xff, 0xff, 0xff, 0xff, 0x0f, 1], /bit-packed runs of 10 more values at most/],
    ['fewer bytes than values', [3], /10 values within the page; got 0 values/],
    ['nothing', [], /10 values within the page/],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => walkRuns(Uint8Array.from(bytes), 0, bytes.length, 1, 10, fault)).toThrow(message);
  });

  test('of wider values than hyparquet can shift are refused', () => {
    expect(() => walkRuns(Uint8Array.of(2, 1), 0, 2, 33, 1, fault)).toThrow('values of at most 24 bits; got 33');
  });
});

describe('delta blocks', () => {
  const walk = (bytes: readonly number[], count: number): number =>
    walkDeltaBlocks(Uint8Array.from(bytes), 0, bytes.length, count, fault);

  test('are walked to their end', () => {
    // 128 values in 4 miniblocks, 5 of them here: the first, a least delta, the widths, and one miniblock of 2 bits.
    expect(walk([128, 1, 4, 5, 0, 2, 2, 0, 0, 0, ...Array<number>(8).fill(1)], 5)).toBe(18);
    expect(walk([128, 1, 4, 1, 0], 1)).toBe(5);
  });

  test.each([
    ['blocks of nothing', [0, 4, 5, 0], /delta blocks of whole miniblocks; got 0 values in 4/],
    ['no miniblocks', [128, 1, 0, 5, 0], /delta blocks of whole miniblocks/],
    ['another count', [128, 1, 4, 6, 0], /5 delta values; got 6/],
    ['miniblocks past the page', [128, 1, 4, 5, 0, 2, 60, 0, 0, 0], /delta blocks within the page/],
    ['a number without end', Array<number>(40).fill(0xff), /delta blocks within the page/],
  ])('%s are refused', (_, bytes, message) => {
    expect(() => walk(bytes, 5)).toThrow(message);
  });
});
