import { sortedCopy } from '@stepclock/numerics';
import '@stepclock/vitest-matchers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distributionPoints } from '../src/reduce/distribution-points.js';
import { histogramBins } from '../src/reduce/histogram-bins.js';
import { largestRows, reduceScatter } from '../src/reduce/scatter-cells.js';
import { timeBins } from '../src/reduce/time-bins.js';
import { trendPoints } from '../src/reduce/trend-points.js';

const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const column = fc.array(value, { minLength: 1, maxLength: 400 });

describe('a reduced scatter', () => {
  it('keeps every row up to its limit', () => {
    expect(reduceScatter([1, 2, 3], [1, 2, 3])).toEqual({ kind: 'points', rows: Uint32Array.of(0, 1, 2) });
  });

  it('counts every row in exactly one cell, and keeps the most extreme rows', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 20, maxLength: 300 }), (rows) => {
        const x = rows.map(([a]) => a);
        const y = rows.map(([, b]) => b);
        const reduced = reduceScatter(x, y, { maxPoints: 10, tails: 5, extremity: (row) => Math.abs(y[row] ?? 0) });
        if (reduced.kind !== 'cells') throw new Error('expected cells');
        expect(reduced.cells.reduce((sum, cell) => sum + cell.count, 0)).toBe(rows.length);
        const kept = Array.from(reduced.tails, (row) => Math.abs(y[row] ?? 0));
        expect(Math.max(...kept)).toBe(Math.max(...y.map(Math.abs)));
        expect(kept).toHaveLength(5);
      }),
    );
  });

  it('finds the rows with the largest keys, the earlier of equals', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 80 }),
        fc.integer({ min: 0, max: 20 }),
        (keys, count) => {
          const want = keys
            .map((key, row) => ({ key, row }))
            .sort((a, b) => b.key - a.key || a.row - b.row)
            .slice(0, count)
            .map(({ row }) => row)
            .sort((a, b) => a - b);
          expect([...largestRows(keys.length, count, (row) => keys[row] ?? 0)]).toEqual(want);
        },
      ),
    );
  });
});

describe('a distribution in few points', () => {
  it('rises from the smallest to the largest value and from 1/n to 1', () => {
    fc.assert(
      fc.property(column, (values) => {
        const points = distributionPoints(values, 100);
        const ascending = sortedCopy(values);
        expect(points[0]?.value).toBe(ascending[0]);
        expect(points.at(-1)).toEqual({ value: ascending.at(-1), share: 1 });
        points.slice(1).forEach((point, i) => {
          expect(point.value).toBeGreaterThanOrEqual(points[i]?.value ?? Number.NaN);
          expect(point.share).toBeGreaterThan(points[i]?.share ?? Number.NaN);
        });
      }),
    );
  });

  it('holds the 40 largest of 100,000 values one by one', () => {
    const values = Float64Array.from({ length: 100_000 }, (_, i) => i ** 1.5);
    const points = distributionPoints(values);
    expect(points.length).toBeLessThan(330);
    expect(points.slice(-40).map((point) => point.value)).toEqual([...values.slice(-40)]);
  });
});

describe('a trend', () => {
  it('is a line of medians: of a straight line, points on it, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 2, maxLength: 200 }), (x) => {
        const points = trendPoints(
          x,
          x.map((v) => 3 * v + 1),
        );
        expect(points.length).toBeLessThanOrEqual(13);
        expect(points.length >= 2).toBe(new Set(x).size >= 2 && points.length > 0);
        points.forEach((point, i) => {
          expect(point.y).toAgree(3 * point.x + 1, 1e-12);
          if (i > 0) expect(point.x).toBeGreaterThan(points[i - 1]?.x ?? Number.NaN);
        });
      }),
    );
  });

  it('is not bent by one wild row, and absent where all x are one', () => {
    const x = Array.from({ length: 120 }, (_, i) => i);
    expect(
      trendPoints(
        x,
        x.map((v) => (v === 60 ? 1e9 : 2)),
      ),
    ).toEqual(
      trendPoints(
        x,
        x.map(() => 2),
      ),
    );
    expect(trendPoints([3, 3, 3], [1, 2, 3])).toEqual([]);
  });
});

describe('a signal in stretches of time', () => {
  it('loses neither the smallest nor the largest value, and its means weigh up to the whole', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 200 }), (rows) => {
        const time = rows.map(([a]) => a);
        const values = rows.map(([, b]) => b);
        const bins = timeBins(time, values, undefined, 12);
        expect(Math.min(...bins.map((bin) => bin.low))).toBe(Math.min(...values));
        expect(Math.max(...bins.map((bin) => bin.high))).toBe(Math.max(...values));
        for (const bin of bins) {
          expect(bin.mean).toBeGreaterThanOrEqual(bin.low - 1e-6);
          expect(bin.mean).toBeLessThanOrEqual(bin.high + 1e-6);
        }
      }),
    );
  });

  it('a value that lasts counts in every stretch that it lasts in', () => {
    const bins = timeBins([0, 3], [10, 20], undefined, 4, [3, 1]);
    expect(bins.map((bin) => bin.mean)).toEqual([10, 10, 10, 20]);
    expect(timeBins([0, 1], [10, 20], undefined, 1, [1, 3])).toEqual([
      { start: 0, end: 4, mean: 17.5, low: 10, high: 20 },
    ]);
  });

  it('weighs by duration', () => {
    expect(timeBins([0, 0.5], [10, 20], [3, 1], 1)).toEqual([{ start: 0, end: 0.5, mean: 12.5, low: 10, high: 20 }]);
  });
});

describe('a histogram', () => {
  it('counts every value once, in bins that join', () => {
    fc.assert(
      fc.property(column, (values) => {
        const { bins } = histogramBins(values);
        expect(bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(values.length);
        bins.slice(1).forEach((bin, i) => {
          expect(bin.start).toBe(bins[i]?.end);
        });
        expect(bins.length).toBeLessThanOrEqual(60);
      }),
    );
  });

  it('gathers a far tail and says so', () => {
    const values = [...Array.from({ length: 500 }, (_, i) => Math.sin(i)), 1e5];
    const { bins, range } = histogramBins(values);
    expect(bins.at(-1)).toMatchObject({ tail: 'above', count: 1 });
    expect(range[1]).toBe(1e5);
    expect(bins.length).toBeGreaterThan(5);
  });

  it('one value is one bar', () => {
    expect(histogramBins([3, 3]).bins).toEqual([{ start: 2.85, end: 3.15, count: 2, tail: 'none' }]);
  });
});
