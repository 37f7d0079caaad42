import '@stepclock/vitest-matchers';
import { runScenario } from '@stepclock/engine-sim';
import { describe, expect, it } from 'vitest';
import { betasFileOf, betasOfFile, replay, replayBands } from '../src/index.js';
import { drawnBetas } from '../src/replay/coefficient-draws.js';

const { requests } = runScenario('kv-light', { requests: 60, seed: 1 });
const settings = { maxNumBatchedTokens: 2048, maxNumSeqs: 256, asyncScheduling: false };
const betas = { beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4, prefill_step: -1e-3 };
const sd = [3e-4, 1e-6, 0, 2e-4];
const correlation = (i: number, j: number) => (i === j ? 1 : i + j === 1 ? -0.5 : 0);
const covariance = sd.map((a, i) => sd.map((b, j) => correlation(i, j) * a * b));
const reach = 1.959963984540054;
const model = betasFileOf({
  algo: 'steps',
  betas,
  intervals: { level: 0.95, covariance, byLabel: { beta0: [0.006 - reach * 3e-4, 0.006 + reach * 3e-4] } },
});

const moments = (values: readonly number[]) => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, sd: Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / values.length) };
};

describe('coefficients drawn from a covariance', () => {
  const drawn = drawnBetas(model, 4000, 7) ?? [];
  const of = (label: string) => drawn.map((b) => b[label] ?? Number.NaN);

  it('have its mean, its standard errors and its correlations', () => {
    for (const [t, [label, value]] of Object.entries(betas).entries()) {
      const { mean, sd: found } = moments(of(label));
      expect(mean).toAgree(value, 0, 0.06 * (sd[t] ?? 0) + 1e-12);
      expect(found).toAgree(sd[t] ?? 0, 0.04, 1e-15);
    }
    const [a, b] = [of('beta0'), of('beta1')];
    const products = a.map((x, i) => ((x - 0.006) / 3e-4) * (((b[i] ?? 0) - 2e-5) / 1e-6));
    expect(moments(products).mean).toAgree(-0.5, 0, 0.05);
  });

  it('are as wide as the intervals, never below a bound, and the same by seed', () => {
    const twice = {
      ...model,
      terms: model.terms.map((t) => ({
        ...t,
        interval: t.interval && ([0.006 - 2 * reach * 3e-4, 0.006 + 2 * reach * 3e-4] as const),
      })),
    };
    const wide = { ...twice, intervals: { level: 0.95 } };
    expect(moments((drawnBetas(wide, 4000, 7) ?? []).map((b) => b.beta0 ?? 0)).sd).toAgree(6e-4, 0.04);
    const huge = betasFileOf({
      algo: 'x',
      betas: { beta0: 1e-4 },
      intervals: { level: 0.5, covariance: [[1]], byLabel: { beta0: [0, 1] } },
    });
    expect((drawnBetas(huge, 200) ?? []).every(({ beta0 = -1 }) => beta0 >= 0)).toBe(true);
    expect(drawnBetas(model, 3, 1)).toEqual(drawnBetas(model, 3, 1));
    expect(drawnBetas(model, 3, 1)).not.toEqual(drawnBetas(model, 3, 2));
    expect(drawnBetas({ ...model, covariance: null }, 3)).toBeUndefined();
  });
});

describe('bands of a replay', () => {
  const done = replay(requests, betasOfFile(model), settings);

  it('hold the replayed figures, and are as wide as the step time is unsure', () => {
    const bands = replayBands(requests, model, done, 60, { seed: 3 });
    expect([bands?.level, bands?.draws]).toEqual([0.95, 60]);
    for (const metric of ['ttft', 'tpot', 'latency'] as const) {
      const { replayed } = done.metrics[metric].mean;
      const [low, high] = bands?.metrics[metric].mean ?? [1, 0];
      expect(low).toBeLessThan(replayed ?? 0);
      expect(high).toBeGreaterThan(replayed ?? 0);
    }
    // A step is some 6.5 ms; its error is about that of beta0, 0.3 ms.
    const [low, high] = bands?.metrics.tpot.mean ?? [0, 0];
    expect((high - low) / 2).toBeGreaterThan(1.2 * 3e-4);
    expect((high - low) / 2).toBeLessThan(3 * 3e-4);
  });

  it('are none without a covariance, or where most draws have no step time', () => {
    expect(replayBands(requests, { ...model, covariance: null }, done, 5)).toBeNull();
    const negative = covariance.map((row, i) =>
      row.map((v, j) => (i === 3 && j === 3 ? 1e-12 : i === 3 || j === 3 ? 0 : v)),
    );
    const terms = model.terms.map((t) => (t.name === 'prefill_step' ? { ...t, value: -0.1 } : t));
    expect(replayBands(requests, { ...model, covariance: negative, terms }, done, 10)).toBeNull();
  });
});
