import { DECODE, type PhaseTable, PREFILL, phaseTableFrom } from '@stepclock/trace-io';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activeCount, loadSummary, timeGrid } from '../src/index.js';
import { anyPhases, randomPhases } from './random-phases.js';

const phases = phaseTableFrom([
  { request_id: 'A', phase_type: 'prefill', t_start: 10, t_end: 11, prefill_tokens: 64, decode_tokens: 0 },
  { request_id: 'A', phase_type: 'decode', t_start: 11, t_end: 14, prefill_tokens: 0, decode_tokens: 3 },
  { request_id: 'B', phase_type: 'prefill', t_start: 12, t_end: 13, prefill_tokens: 64, decode_tokens: 0 },
  { request_id: 'C', phase_type: 'prefill', t_start: 20, t_end: 21, prefill_tokens: 64, decode_tokens: 0 },
]);

describe('loadSummary', () => {
  it('counts span, gaps and busy periods', () => {
    expect(loadSummary(phases)).toMatchObject({
      firstSec: 10,
      lastSec: 21,
      spanSec: 11,
      idleSec: 6,
      busyPeriods: 2,
      longestGapSec: 6,
    });
  });

  it('weighs concurrency by time, over the busy time alone', () => {
    const { prefills, decodes, phases: both } = loadSummary(phases);
    // Busy: 10-14 and 20-21. One prefill for 3 s of 5, one decode for 3 s, both from 12 to 13.
    expect(prefills).toEqual({ mean: 0.6, p50: 1, p90: 1, p99: 1, max: 1 });
    expect(decodes).toEqual({ mean: 0.6, p50: 1, p90: 1, p99: 1, max: 1 });
    expect(both).toEqual({ mean: 1.2, p50: 1, p90: 2, p99: 2, max: 2 });
  });

  it('is what the segments of the time grid say', () => {
    fc.assert(
      fc.property(anyPhases, (table) => {
        const { prefills, decodes, phases: both, ...rest } = loadSummary(table);
        const expected = fromGrid(table);
        expect(rest).toEqual(expected.rest);
        expect([prefills.mean, decodes.mean, both.mean]).toAgree(expected.means, 1e-12);
        expect([prefills.max, decodes.max, both.max]).toEqual(expected.most);
      }),
    );
  });

  it('does not depend on how many boundaries it takes at a time, in whatever order the rows stand', () => {
    fc.assert(
      fc.property(anyPhases, fc.integer({ min: 1, max: 150 }), (table, boundaries) => {
        expect(loadSummary(table, boundaries)).toEqual(loadSummary(table));
      }),
    );
    // Several blocks of rows, crowded at one time and in no order.
    const crowded = randomPhases(20_000, 5, true, false);
    expect(loadSummary(crowded, 1000)).toEqual(loadSummary(crowded, 1e6));
    const spread = randomPhases(20_000, 6, false, false);
    expect(loadSummary(spread, 1000)).toEqual(loadSummary(spread, 1e6));
  });

  it.each([1, 63, 64, 65, 128, 200])('tells the shares of time at every count of phases up to %d at once', (most) => {
    // Phase i runs from second i to second 2 most - i - 1: 1, 2, ... most, ... 2, 1 of them, a second each.
    const nested = phaseTableFrom(
      Array.from({ length: most }, (_, i) => ({
        request_id: `r${i}`,
        phase_type: 'decode',
        t_start: i,
        t_end: 2 * most - 1 - i,
        prefill_tokens: 0,
        decode_tokens: 1,
      })),
    );
    const counts = Array.from({ length: 2 * most - 1 }, (_, t) => Math.min(t + 1, 2 * most - 1 - t)).sort(
      (a, b) => a - b,
    );
    // The least count at or below which the engine is for a share of the time.
    const quantile = (share: number) => counts[Math.ceil(share * counts.length) - 1];
    const { prefills, decodes, phases: both } = loadSummary(nested);
    expect(decodes).toEqual({
      mean: expect.closeTo((most * most) / (2 * most - 1), 9),
      p50: quantile(0.5),
      p90: quantile(0.9),
      p99: quantile(0.99),
      max: most,
    });
    expect(both).toEqual(decodes);
    expect(prefills).toEqual({ mean: 0, p50: 0, p90: 0, p99: 0, max: 0 });
  });

  it('a quantile is the least count that is not exceeded for that share of the time', () => {
    // One phase for five of ten seconds, then two for four, then eleven for one.
    const rows = [[0, 10], [5, 10], ...Array.from({ length: 9 }, () => [9, 10])];
    const steps = phaseTableFrom(
      rows.map(([t_start, t_end], i) => ({
        request_id: `r${i}`,
        phase_type: 'decode',
        t_start: t_start as number,
        t_end: t_end as number,
        prefill_tokens: 0,
        decode_tokens: 1,
      })),
    );
    expect(loadSummary(steps).decodes).toEqual({ mean: 2.4, p50: 1, p90: 2, p99: 11, max: 11 });
  });

  it('refuses what has no span', () => {
    const none = { ...phases, length: 0, startSec: new Float64Array(0), endSec: new Float64Array(0) };
    expect(() => loadSummary(none)).toThrow('phases: must be at least one; got 0');
    expect(() => loadSummary(none)).toThrow(
      expect.objectContaining({
        code: 'overlap-pressure/no-phases',
        message: 'phases: must be at least one; got 0',
      }),
    );
    expect(() => loadSummary({ ...phases, endSec: phases.startSec })).toThrow('(row 0)');
  });
});

const fromGrid = (table: PhaseTable) => {
  const grid = timeGrid(table.startSec, table.endSec);
  const prefills = activeCount(grid, table.kind, PREFILL);
  const decodes = activeCount(grid, table.kind, DECODE);
  const both = prefills.map((n, j) => n + decodes[j]);
  const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
  const gaps = grid.segmentSec.filter((_, j) => both[j] === 0);
  const busySec = sum(grid.segmentSec) - sum(gaps);
  const counts = [prefills, decodes, both];
  return {
    rest: {
      firstSec: grid.timesSec[0],
      lastSec: grid.timesSec.at(-1),
      spanSec: (grid.timesSec.at(-1) ?? 0) - (grid.timesSec[0] ?? 0),
      idleSec: sum(gaps),
      busyPeriods: gaps.length + 1,
      longestGapSec: gaps.reduce((a, b) => Math.max(a, b), 0),
    },
    means: counts.map((count) => sum(count.map((n, j) => n * grid.segmentSec[j])) / busySec),
    most: counts.map((count) => count.reduce((a, b) => Math.max(a, b), 0)),
  };
};
