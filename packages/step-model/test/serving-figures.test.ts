import '@stepclock/vitest-matchers';
import type { RequestTable } from '@stepclock/trace-io';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareMetric } from '../src/replay/metric-comparison.js';
import { servingMetrics } from '../src/replay/serving-metrics.js';

const NONE = Number.NaN;

describe('servingMetrics', () => {
  const requests: RequestTable = {
    length: 4,
    requestIds: { length: 4, at: String },
    promptTokens: Float64Array.of(1, 1, 1, 1),
    outputTokens: Float64Array.of(5, 1, 2, 3),
    arrivalSec: Float64Array.of(10, 20, 30, NONE),
    firstTokenSec: Float64Array.of(11, 22, NONE, 44),
    lastTokenSec: Float64Array.of(13, 22, 34, 45),
  };

  it('TTFT, TPOT and latency by their definitions; NaN where a time is unknown or there is one token', () => {
    expect(servingMetrics(requests)).toEqual({
      ttft: Float64Array.of(1, 2, NONE, NONE),
      tpot: Float64Array.of(0.5, NONE, NONE, 0.5),
      latency: Float64Array.of(3, 2, 4, NONE),
    });
  });

  it('knows nothing from a table without times', () => {
    const { arrivalSec: _, firstTokenSec: __, lastTokenSec: ___, ...bare } = requests;
    const nothing = new Float64Array(4).fill(NONE);
    expect(servingMetrics(bare)).toEqual({ ttft: nothing, tpot: nothing, latency: nothing });
  });
});

describe('compareMetric', () => {
  it('mean and percentiles with linear interpolation, and the relative error of each', () => {
    const measured = Float64Array.of(5, 1, 3, 2, 4);
    const { figures, count } = compareMetric(
      measured,
      measured.map((v) => 2 * v),
    );
    expect(count).toBe(5);
    // numpy.percentile([1..5], [50, 90, 95, 99]) = 3, 4.6, 4.8, 4.96
    for (const [name, value] of [
      ['mean', 3],
      ['p50', 3],
      ['p90', 4.6],
      ['p95', 4.8],
      ['p99', 4.96],
    ] as const) {
      const { measured: m, replayed, error } = figures[name];
      expect([m ?? NONE, replayed ?? NONE, error ?? NONE]).toAgree([value, 2 * value, 1], 1e-14);
    }
  });

  it('counts a request where both sides have a number, and where it is asked for', () => {
    const measured = Float64Array.of(1, NONE, 3, 4);
    const replayed = Float64Array.of(2, 5, NONE, 8);
    const all = compareMetric(measured, replayed);
    expect([all.count, all.figures.mean]).toEqual([2, { measured: 2.5, replayed: 5, error: 1 }]);
    const some = compareMetric(measured, replayed, (i) => i > 0);
    expect([some.count, some.figures.p99]).toEqual([1, { measured: 4, replayed: 8, error: 1 }]);
    const none = compareMetric(measured, replayed, () => false);
    expect([none.count, none.figures.mean]).toEqual([0, { measured: null, replayed: null, error: null }]);
  });

  it('the replayed side stands alone where nothing was measured', () => {
    const { figures, count } = compareMetric(Float64Array.of(NONE, NONE), Float64Array.of(2, 4));
    expect([count, figures.mean, figures.p50.replayed]).toEqual([2, { measured: null, replayed: 3, error: null }, 3]);
  });

  it('has no relative error to a measured 0', () => {
    const { figures } = compareMetric(Float64Array.of(0, 0), Float64Array.of(1, 3));
    expect(figures.mean).toEqual({ measured: 0, replayed: 2, error: null });
  });

  it('a side compared with itself has no error, whatever the order of the requests', () => {
    const side = fc.array(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(side, (values) => {
        const { figures } = compareMetric(Float64Array.from(values), Float64Array.from(values));
        const { figures: turned } = compareMetric(Float64Array.from(values), Float64Array.from(values.toReversed()));
        for (const name of ['mean', 'p50', 'p90', 'p95', 'p99'] as const) {
          expect(figures[name].error).toBe(0);
          expect(turned[name].error ?? 1).toAgree(0, 0, 1e-12);
        }
      }),
    );
  });
});
