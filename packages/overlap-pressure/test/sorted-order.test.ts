import { seededRandom, shuffled } from '@stepclock/numerics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sortedOrder } from '../src/sorted-order.js';
import { countedReads } from './counted-reads.js';

const sorted = (values: Float64Array): number[] => Array.from(sortedOrder(values), (i) => values[i]);

/** The order by its definition: ascending values, equal ones by their index. */
const plainOrder = (values: ArrayLike<number>): number[] =>
  Array.from(values, (_, i) => i).sort((a, b) => values[a] - values[b] || a - b);

describe('sortedOrder', () => {
  it.each([
    ['nothing', []],
    ['one value', [3]],
    ['equal values', Array.from({ length: 100 }, () => 2)],
    ['signed zeros', [0, -0, 1, -0, 0, -1]],
    ['the whole range of doubles', [1.7e308, -1.7e308, 5e-324, 0, -5e-324, 1, 1e300]],
    ['a clump and one far outlier', [0, ...Array.from({ length: 500 }, (_, i) => 1.78e9 + ((i * 37) % 500) / 1024)]],
    ['powers of two', Array.from({ length: 2000 }, (_, i) => 2 ** (((i * 619) % 2000) - 1000))],
    ['neighbours at the bottom', Array.from({ length: 100 }, (_, i) => ((i * 37) % 100) * 5e-324)],
  ])('sorts %s', (_, values) => {
    const want = [...values].sort((a, b) => a - b);
    expect(sorted(Float64Array.from(values)).map((v) => v + 0)).toEqual(want.map((v) => v + 0));
  });

  it('is what a sort by comparison gives, whatever the values, and keeps the order of equal ones', () => {
    const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: 0, max: 5 }));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 300 }), (values) => {
        const column = Float64Array.from(values);
        expect([...sortedOrder(column)]).toEqual(plainOrder(column));
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['at both ends of the doubles', (u: number) => (u < 0.5 ? -1.7e308 : 1.7e308)],
    ['of denormal numbers, whose distance has no finite inverse', (u: number) => Math.floor(6 * u) * 5e-324],
    ['below zero', (u: number) => -3 - Math.floor(9 * u)],
    ['above a large time', (u: number) => 1.78e9 + Math.floor(9 * u)],
    ['on both sides of zero', (u: number) => Math.floor(9 * u) - 4],
  ])('equal values %s stay in their order, in every number of them', (_, value) => {
    const random = seededRandom(8);
    for (let n = 0; n <= 120; n++) {
      const column = Float64Array.from({ length: n }, () => value(random()));
      expect([...sortedOrder(column)]).toEqual(plainOrder(column));
    }
  });

  it('sorts a crowded bucket again, whatever lies around it', () => {
    const random = seededRandom(9);
    // Clumps of every size up to a hundred at powers of ten: buckets that are empty, single, small and crowded.
    const values: number[] = [];
    for (let clump = 0; clump < 100; clump++) {
      const at = (clump % 2 === 0 ? 1 : -1) * 10 ** (clump / 10);
      for (let k = 0; k < clump; k++) values.push(at * (1 + Math.floor(8 * random()) * 1e-9));
    }
    const column = Float64Array.from(shuffled(values.length, random), (i) => values[i]);
    expect([...sortedOrder(column)]).toEqual(plainOrder(column));
  });

  it.each([
    // Looking for the ends and telling the bucket of each value: two reads. Sorting where several fall in one: two or three more.
    ['one value a bucket', 3, (i: number) => i],
    ['random values', 6, (_: number, random: () => number) => random()],
    ['all but one in one bucket', 8, (i: number, random: () => number) => (i === 0 ? 1e6 : random())],
    ['two clumps', 8, (i: number, random: () => number) => 1e6 * (i % 2) + random()],
    ['equal values', 1, () => 7],
  ])('takes linear time: %s ask for %d reads a value at most', (_, most, value) => {
    const random = seededRandom(10);
    const n = 4000;
    const drawn = Float64Array.from({ length: n }, (_, i) => value(i, random));
    const values = Float64Array.from(shuffled(n, random), (i) => drawn[i]);
    const { column, reads } = countedReads(values);
    const order = sortedOrder(column);
    expect(reads() / n).toBeLessThanOrEqual(most);
    expect([...order]).toEqual(plainOrder(values));
  });
});
