import '@stepclock/vitest-matchers';
import { runScenario, scenarios } from '@stepclock/engine-sim';
import { stepSeconds } from '@stepclock/step-cost';
import { describe, expect, it } from 'vitest';
import { betasFileOf, betasOfFile, fitSteps, replay, replayBands } from '../src/index.js';
import { drawnBetas } from '../src/replay/coefficient-draws.js';
import { bent, withBends } from '../src/replay/unseen-batches.js';

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

describe('coefficients that trade with each other at a bound', () => {
  it('keep what they make together', () => {
    // Batches of 50: what a sequence costs is 3e-6 s within 1e-7, which of two terms costs it is open.
    const [a, b] = [1e-4, 1e-4];
    const trading = betasFileOf({
      algo: 'x',
      betas: { beta0: 0.006, beta2: 3e-6, decode_seqs_over_8: 0 },
      intervals: {
        level: 0.95,
        covariance: [
          [1e-10, 0, 0],
          [0, a * a, -a * b * 0.999999],
          [0, -a * b * 0.999999, b * b],
        ],
        byLabel: {},
      },
    });
    const drawn = drawnBetas(trading, 500, 3) ?? [];
    expect(drawn.every(({ beta2 = -1 }) => beta2 >= 0)).toBe(true);
    const together = drawn.map(({ beta2 = 0, decode_seqs_over_8: over = 0 }) => beta2 + over);
    expect(moments(together).mean).toAgree(3e-6, 0, 5e-8);
    expect(moments(together).sd).toBeLessThan(1e-6);
  });
});

describe('beyond the batches that were seen', () => {
  const line = { beta0: 0.006, beta1: 2e-5, beta2: 1e-4, beta3: 1e-7 };
  const seen = { least: 20, most: 40, contextPerSeq: 500 };
  const at = (decodeSeqs: number, draws: readonly [number, number]): number =>
    stepSeconds(bent(line, seen, draws), { prefillTokens: 0, decodeSeqs, contextTokens: 0 }, withBends(seen));
  const straight = (decodeSeqs: number): number =>
    stepSeconds(line, { prefillTokens: 0, decodeSeqs, contextTokens: 0 });

  it('the step time bends, and not within them', () => {
    for (const n of [20, 30, 40]) expect(at(n, [1, -1])).toAgree(straight(n), 1e-12);
    expect(at(10, [0, 0])).toAgree(straight(10), 1e-12);
    expect(at(80, [0, 0])).toAgree(straight(80), 1e-12);
    // Slopes e^0.7 times those at the edges, of a sequence with its context.
    const slope = 1e-4 + 500e-7;
    expect(at(10, [1, 0])).toAgree(straight(10) - 10 * slope * (Math.exp(0.7) - 1), 1e-9);
    expect(at(80, [0, 1])).toAgree(straight(80) + 40 * slope * (Math.exp(0.7) - 1), 1e-9);
  });

  it('a step never falls to nothing', () => {
    expect(at(1, [9, 0])).toBeGreaterThan(0);
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

  it('are wider under a load that the fit has not seen, and with an overhead that is not exact', () => {
    const { engine, ...load } = scenarios['budget-2048-light'];
    const light = runScenario({ ...load, engine: { ...engine, stepNoise: 0.02 } }, { requests: 150, seed: 4 });
    const heavy = runScenario('budget-2048-bursty', { requests: 150, seed: 4 }).requests;
    const seenLoad = betasFileOf(fitSteps(light.steps));
    const widthOf = (log: typeof requests, options = {}) => {
      const done = replay(log, betasOfFile(seenLoad), settings, options);
      const bands = replayBands(log, seenLoad, done, 20, { seed: 1, ...options });
      const [low, high] = bands?.metrics.tpot.mean ?? [0, 0];
      return (high - low) / (done.metrics.tpot.mean.replayed ?? 1);
    };
    expect(widthOf(heavy)).toBeGreaterThan(3 * widthOf(light.requests));
    const overhead = { seconds: 0.02, secondsPerPromptToken: 0 };
    const ttftOf = (errorSec?: number) => {
      const options = { overhead: { ...overhead, ...(errorSec !== undefined && { errorSec }) } };
      const done = replay(requests, betasOfFile(model), settings, options);
      const [low, high] = replayBands(requests, model, done, 20, { seed: 1, ...options })?.metrics.ttft.mean ?? [0, 0];
      return high - low;
    };
    expect(ttftOf(0.005)).toBeGreaterThan(2 * ttftOf());
  });
});
