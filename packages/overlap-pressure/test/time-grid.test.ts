import { seededRandom, shuffled } from '@stepclock/numerics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timeGrid } from '../src/index.js';
import { plainTimes } from './plain-signals.js';
import { anyPhases } from './random-phases.js';

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
      Float64Array.from(order, (i) => start[i]),
      Float64Array.from(order, (i) => end[i]),
    );
    const plain = timeGrid(start, end);
    expect(moved.timesSec).toEqual(plain.timesSec);
    expect([...moved.startIndex]).toEqual(Array.from(order, (i) => plain.startIndex[i]));
  });

  it('has no limit to times whose length is a number', () => {
    expect([...timeGrid(Float64Array.of(1e308), Float64Array.of(1.5e308)).segmentSec]).toEqual([5e307]);
  });

  it.each([
    ['no phases', [], [], 'overlap-pressure/no-phases', 'phases: must be at least one; got 0'],
    [
      'an end at the start',
      [1, 2],
      [2, 2],
      'overlap-pressure/bad-time',
      'phase: must end at a finite time after its start at 2; got 2 (row 1)',
    ],
    [
      'NaN',
      [Number.NaN],
      [2],
      'overlap-pressure/bad-time',
      'phase: must end at a finite time after its start at NaN; got 2 (row 0)',
    ],
    [
      'an infinite end',
      [0],
      [Number.POSITIVE_INFINITY],
      'overlap-pressure/bad-time',
      'phase: must end at a finite time after its start at 0; got Infinity (row 0)',
    ],
    [
      'a length beyond the doubles',
      [-1e308],
      [1e308],
      'overlap-pressure/bad-time',
      'phase: must end at a finite time after its start at -1e+308; got 1e+308 (row 0)',
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
        name: 'Fault',
        code,
        message,
        row: /row (\d+)/.test(message) ? Number(/row (\d+)/.exec(message)?.[1]) : undefined,
      }),
    );
  });
});
