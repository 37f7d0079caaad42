import { seededRandom, shuffled } from '@stepclock/numerics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundaryBatches } from '../src/boundary-batches.js';
import { countedReads } from './counted-reads.js';

interface Boundary {
  readonly timeSec: number;
  /** The row twice, plus one for its end. */
  readonly origin: number;
}

/** The batches one by one, each in ascending order of time. */
const batchesOf = (startSec: Float64Array, endSec: Float64Array, size: number): Boundary[][] =>
  Array.from(boundaryBatches(startSec, endSec, size), ({ timesSec, origin, order }) =>
    Array.from(order, (k) => ({ timeSec: timesSec[k], origin: origin[k] })),
  );

/** All boundaries by definition: ascending, at one time by row and start before end. */
const plainBoundaries = (startSec: Float64Array, endSec: Float64Array): Boundary[] =>
  [...startSec]
    .flatMap((_, i) => [
      { timeSec: startSec[i], origin: 2 * i },
      { timeSec: endSec[i], origin: 2 * i + 1 },
    ])
    .sort((a, b) => a.timeSec - b.timeSec || a.origin - b.origin);

/** Phase i from `starts[i]`, of a given length, as two columns. */
const columns = (starts: ArrayLike<number>, length = 0.5): [Float64Array, Float64Array] => {
  const startSec = Float64Array.from(starts);
  return [startSec, startSec.map((t) => t + length)];
};

/** What holds of every trace: each boundary once, in order, a time never parted, and nothing empty behind the first time. */
const checkBatches = (startSec: Float64Array, endSec: Float64Array, size: number): Boundary[][] => {
  const batches = batchesOf(startSec, endSec, size);
  const want = plainBoundaries(startSec, endSec);
  const got = batches.flat();
  expect(got.length).toBe(want.length);
  expect(got.findIndex((one, k) => one.timeSec !== want[k]?.timeSec || one.origin !== want[k]?.origin)).toBe(-1);
  for (const [b, batch] of batches.entries()) {
    if (b === 0) continue;
    expect(batch.length).toBeGreaterThan(0);
    expect(batches[b - 1]?.at(-1)?.timeSec ?? Number.NEGATIVE_INFINITY).toBeLessThan(batch[0]?.timeSec as number);
  }
  return batches;
};

describe('boundaryBatches', () => {
  it('gives every boundary once and in order, and no time to two batches', () => {
    const phase = fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 1, max: 6 }), fc.nat(1));
    const phases = fc.array(phase, { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(phases, fc.integer({ min: 1, max: 150 }), (drawn, size) => {
        // Half of them on whole seconds, so that boundaries meet.
        const startSec = Float64Array.from(drawn, ([start, , off], i) => start + (off * i) / 64);
        const endSec = startSec.map((start, i) => start + (drawn[i]?.[1] ?? 0));
        checkBatches(startSec, endSec, size);
      }),
    );
  });

  it('parts distinct times evenly: batch b of B ends before boundary (b + 1) n / B', () => {
    const random = seededRandom(4);
    for (const [rows, size] of [
      [1, 1],
      [1, 2],
      [7, 2],
      [50, 7],
      [50, 99],
      [50, 100],
      [50, 101],
      [5000, 999],
    ] as const) {
      const [startSec, endSec] = columns(shuffled(rows, random));
      const n = 2 * rows;
      const count = Math.ceil(n / size);
      const want = Array.from(
        { length: count },
        (_, b) => Math.floor(((b + 1) * n) / count) - Math.floor((b * n) / count),
      );
      expect(checkBatches(startSec, endSec, size).map((batch) => batch.length)).toEqual(want);
    }
  });

  it('of no phases is one empty batch', () => {
    expect(batchesOf(new Float64Array(0), new Float64Array(0), 10)).toEqual([[]]);
  });

  it('keeps what begins and ends where two blocks of rows and two batches meet', () => {
    // 8192 phases end to end, of two blocks of 4096 rows: the edge between two equal batches is 4096, where the first block ends.
    const [startSec, endSec] = columns(
      Array.from({ length: 8192 }, (_, i) => i),
      1,
    );
    const [before, after] = checkBatches(startSec, endSec, 8192);
    // 0, then 1 to 4095 twice; 4096 to 8191 twice, then 8192.
    expect([before?.length, after?.length]).toEqual([8191, 8193]);
    expect(after?.slice(0, 2)).toEqual([
      { timeSec: 4096, origin: 2 * 4095 + 1 },
      { timeSec: 4096, origin: 2 * 4096 },
    ]);
  });

  it.each([
    ['in order', (i: number) => i],
    ['backwards', (i: number) => -i],
    ['in no order', (i: number) => (i * 6007) % 9001],
  ])('finds the boundaries of several blocks of rows, %s', (_, time) => {
    const [startSec, endSec] = columns(Array.from({ length: 9001 }, (_, i) => time(i)));
    expect(checkBatches(startSec, endSec, 3000).map((batch) => batch.length)).toEqual(
      new Array(7).fill(18_002 / 7).map((n, b) => Math.floor((b + 1) * n) - Math.floor(b * n)),
    );
  });

  it('holds a crowd of one time that is many batches large', () => {
    // Three blocks of rows that all start at once, and end at four times.
    const startSec = new Float64Array(12_000).fill(7);
    const endSec = Float64Array.from(startSec, (_, i) => 8 + (i % 4));
    const batches = checkBatches(startSec, endSec, 100);
    expect(batches.map((batch) => batch.length)).toEqual([0, 12_000, 3000, 3000, 3000, 3000]);
  });

  it('tells the edges from a sample where there are more than 65,536 boundaries', () => {
    const random = seededRandom(5);
    const [startSec, endSec] = columns(shuffled(33_000, random));
    const batches = checkBatches(startSec, endSec, 3300);
    expect(batches.length).toBe(20);
    // Every second row is in the sample: a batch of 1650 rows has 825 of them, give or take 20.
    for (const batch of batches) expect(Math.abs(batch.length - 3300)).toBeLessThan(3300 * 0.1);
  });

  it('reads a trace in order of time about once, and holds a few batches of it', () => {
    // Ten blocks of 4096 rows, ten batches of as many: a batch lies in two blocks, or in three where it meets both edges.
    const rows = 40_960;
    const [startSec, endSec] = columns(Array.from({ length: rows }, (_, i) => i));
    const { column, reads } = countedReads(startSec);
    const size = 8192;
    let most = 0;
    for (const { timesSec } of boundaryBatches(column, endSec, size)) {
      most = Math.max(most, timesSec.buffer.byteLength / Float64Array.BYTES_PER_ELEMENT);
    }
    // Checking and sampling read each once; every second row is in the sample.
    expect(reads() / rows).toBeLessThanOrEqual(1 + 0.5 + 3);
    expect(most).toBeLessThanOrEqual(4 * size);
  });

  it.each([
    ['an end at the start', [2, 2], [3, 2], '2; got 2 (row 1)'],
    ['an infinite start', [Number.NEGATIVE_INFINITY], [2], '-Infinity; got 2 (row 0)'],
  ])('refuses %s', (_, start, end, message) => {
    expect(() => batchesOf(Float64Array.from(start), Float64Array.from(end), 10)).toThrow(
      `phase: must end at a finite time after its start at ${message}`,
    );
  });
});
