import { seededRandom, shuffled } from '@stepclock/random';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sortedOrder, timeGrid } from '../src/index.js';
import { plainTimes } from './plain-signals.js';
import { anyPhases } from './random-phases.js';

const sorted = (values: Float64Array): number[] => Array.from(sortedOrder(values), (i) => values[i] as number);

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
        const order = [...sortedOrder(column)];
        const want = values.map((_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number) || a - b);
        expect(order).toEqual(want);
      }),
      { numRuns: 500 },
    );
  });
});

describe('timeGrid', () => {
  it('answers the example of its documentation', () => {
    const grid = timeGrid(new Float64Array([0, 1]), new Float64Array([2, 3]));
    expect([...grid.timesSec]).toEqual([0, 1, 2, 3]);
    expect([...grid.segmentSec]).toEqual([1, 1, 1]);
    expect([...grid.startIndex]).toEqual([0, 1]);
    expect([...grid.endIndex]).toEqual([2, 3]);
  });

  it('has the distinct boundaries, and every phase finds its own on it', () => {
    fc.assert(
      fc.property(anyPhases, (phases) => {
        const { timesSec, startIndex, endIndex, segmentCount } = timeGrid(phases.startSec, phases.endSec);
        expect([...timesSec]).toEqual(plainTimes(phases));
        expect(segmentCount).toBe(timesSec.length - 1);
        expect([...startIndex].map((g) => timesSec[g])).toEqual([...phases.startSec]);
        expect([...endIndex].map((g) => timesSec[g])).toEqual([...phases.endSec]);
      }),
    );
  });

  it('does not depend on the order of the rows', () => {
    const random = seededRandom(3);
    const start = Float64Array.from({ length: 1000 }, () => Math.floor(500 * random()));
    const end = start.map((t) => t + 1 + Math.floor(50 * random()));
    const order = shuffled(1000, random);
    const moved = timeGrid(
      Float64Array.from(order, (i) => start[i] as number),
      Float64Array.from(order, (i) => end[i] as number),
    );
    const plain = timeGrid(start, end);
    expect(moved.timesSec).toEqual(plain.timesSec);
    expect([...moved.startIndex]).toEqual(Array.from(order, (i) => plain.startIndex[i]));
  });

  it.each([
    ['no phases', [], [], 'overlap-pressure/no-phases', 'phases: at least one is needed; got none'],
    [
      'an end at the start',
      [1, 2],
      [2, 2],
      'overlap-pressure/bad-time',
      'phase: must be finite and end after its start; got 2 to 2 (row 1)',
    ],
    [
      'NaN',
      [Number.NaN],
      [2],
      'overlap-pressure/bad-time',
      'phase: must be finite and end after its start; got NaN to 2 (row 0)',
    ],
    [
      'an infinite end',
      [0],
      [Number.POSITIVE_INFINITY],
      'overlap-pressure/bad-time',
      'phase: must be finite and end after its start; got 0 to Infinity (row 0)',
    ],
    [
      'columns of two lengths',
      [0, 1],
      [2],
      'overlap-pressure/length-mismatch',
      'endSec: must be as long as startSec (2); got 1',
    ],
  ])('refuses %s', (_, start, end, code, message) => {
    expect(() => timeGrid(Float64Array.from(start), Float64Array.from(end))).toThrow(
      expect.objectContaining({
        name: 'OverlapError',
        code,
        message,
        row: /row (\d+)/.test(message) ? Number(/row (\d+)/.exec(message)?.[1]) : undefined,
      }),
    );
  });
});
