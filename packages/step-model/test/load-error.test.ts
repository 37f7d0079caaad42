import '@stepclock/vitest-matchers';
import { meanOf, seededRandom } from '@stepclock/numerics';
import { CATALOGUE } from '@stepclock/step-cost';
import { describe, expect, it } from 'vitest';
import { engineUnderLoad } from '../src/capacity/engine-under-load.js';
import { loadErrorOf } from '../src/capacity/load-error.js';
import { headOf } from '../src/capacity/load-shape.js';
import { settledRate } from '../src/capacity/settled-rate.js';
import { capacity, capacityText, loadShapeOf, loadShapeOfSpec, parseSlos } from '../src/index.js';
import { baseModel } from './base-model.js';

const N = 10_000;
const BURST = 20;

/** A run whose requests have a latency of the rate times a factor of their own, and gaps of their own. */
const runOf = (ratePerSec: number, factors: Float64Array, gaps: Float64Array) => {
  const latency = factors.map((factor) => factor * ratePerSec);
  let now = 0;
  return {
    figures: { ratePerSec },
    counted: { ttft: latency, tpot: latency, latency },
    countedArrivalSec: gaps.map((gap) => {
      now += gap;
      return now;
    }),
  };
};

const errorOf = (factors: Float64Array, gaps: Float64Array, statistic: number | 'mean'): number =>
  loadErrorOf(runOf(1, factors, gaps), runOf(0.97, factors, gaps), { metric: 'latency', statistic }) ?? Number.NaN;

describe('the error of a finite load', () => {
  const even = new Float64Array(N).fill(1);
  const single = (seed: number): Float64Array => {
    const uniform = seededRandom(seed, 'factors');
    return Float64Array.from({ length: N }, () => 0.5 + uniform());
  };
  /** Twenty batches tell their own scatter to a sixth; forty loads tell it better. */
  const meanError = (burst: number, statistic: number | 'mean'): number =>
    meanOf(
      Array.from({ length: 40 }, (_, seed) => {
        const factors = single(seed);
        return errorOf(
          factors.map((_, i) => factors[Math.floor(i / burst)]),
          even,
          statistic,
        );
      }),
    );

  it('is that of as many requests as there are bursts, not requests', () => {
    // A mean of 1 with a standard deviation of 1 / sqrt(12), which rises as the rate.
    const ofMean = 1 / Math.sqrt(12 * N);
    expect(meanError(1, 'mean')).toAgree(ofMean, 0.15);
    expect(meanError(BURST, 'mean')).toAgree(ofMean * Math.sqrt(BURST), 0.15);
    // The share above p95, a factor of 1.45, rises by 1.45 a unit of the rate's logarithm, and scatters as a coin of 0.05.
    const ofP95 = Math.sqrt((0.05 * 0.95) / N) / 1.45;
    expect(meanError(1, 0.95)).toAgree(ofP95, 0.15);
    expect(meanError(BURST, 0.95)).toAgree(ofP95 * Math.sqrt(BURST), 0.2);
  });

  it('does not hold against a batch that its own arrivals were denser, where that alone made it slower', () => {
    // A twentieth of the requests is a batch: every other one half as dense again.
    const isDense = (i: number): boolean => Math.floor((20 * i) / N) % 2 === 0;
    const gaps = Float64Array.from({ length: N }, (_, i) => (isDense(i) ? 0.8 : 1.2));
    const slower = Float64Array.from({ length: N }, (_, i) => (isDense(i) ? 1.2 : 0.8));
    expect(errorOf(slower, gaps, 'mean')).toBeLessThan(0.1 * errorOf(slower, even, 'mean'));
  });

  it('is not told where the figure does not rise with the rate, or the load is short', () => {
    const falling = runOf(0.97, new Float64Array(N).fill(1.1), even);
    expect(loadErrorOf(runOf(1, even, even), falling, { metric: 'ttft', statistic: 'mean' })).toBe(undefined);
    expect(errorOf(single(1).subarray(0, 900), even.subarray(0, 900), 'mean')).toBeNaN();
  });
});

describe('capacity under a drawn load', () => {
  const betas = { beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4, beta3: 1e-7 };
  const limits = { maxNumBatchedTokens: 2048, maxNumSeqs: 256 };
  const slos = parseSlos('tpot:mean:12ms');
  const BURSTY = { kind: 'gamma', shape: 0.125 } as const;
  const of = (pattern: typeof BURSTY | { kind: 'poisson' }, seed: number, length: number) =>
    headOf(loadShapeOfSpec('prompt=300:0.5,output=10', pattern, seed), length);
  const engine = engineUnderLoad(betas, { limits, catalogue: CATALOGUE, seed: 0 });
  const sd = 0.0005 * betas.beta0;
  const model = baseModel({
    betas,
    intervals: {
      level: 0.95,
      ...{ beta0: [betas.beta0 - 1.96 * sd, betas.beta0 + 1.96 * sd], beta1: [betas.beta1, betas.beta1] },
      ...{ beta2: [betas.beta2, betas.beta2], beta3: [betas.beta3, betas.beta3] },
      covariance: [0, 1, 2, 3].map((t) => [0, 1, 2, 3].map((u) => (t + u === 0 ? sd * sd : 0))),
    },
  });

  it('serves all of a load in bursts where its first quarter leaves too much open', () => {
    const shape = of(BURSTY, 0, 12_000);
    const settled = settledRate(engine, shape, slos, { tolerance: 0.005, growth: 2 });
    expect(settled.requests).toBe(12_000);
    const run = engine(shape, settled.holdsPerSec ?? Number.NaN, slos);
    expect(run.slos[0]).toBeLessThanOrEqual(0.012);
    expect(run.slos[0]).toAgree(0.012, 0.01);
    expect(settled.atHolds?.figures).toEqual(run.figures);
  });

  it('has a band as wide as independent loads scatter, and says what it holds', () => {
    const loads = Array.from({ length: 6 }, (_, seed) => of({ kind: 'poisson' }, seed, 4000));
    const settled = loads.map((load) => settledRate(engine, load, slos, { tolerance: 0.002 }));
    const logs = settled.map(({ holdsPerSec }) => Math.log(holdsPerSec ?? Number.NaN));
    const scatter = Math.sqrt((meanOf(logs.map((log) => (log - meanOf(logs)) ** 2)) * 6) / 5);
    const told = meanOf(settled.map(({ loadError }) => loadError ?? Number.NaN));
    expect(told / scatter).toBeGreaterThan(0.4);
    expect(told / scatter).toBeLessThan(2.5);
    const found = capacity(model, loads[0], slos, limits, { draws: 4 });
    const [low = 0, high = 0] = found.band?.perSec ?? [];
    expect(found.band?.loadError).toAgree(told, 0.7);
    expect(Math.log(high / low)).toBeGreaterThan(2 * 2.09 * (found.band?.loadError ?? Infinity));
    expect(capacityText(found)).toContain('95 % band of the coefficients and of the drawn load]');
  });

  it("takes a log's arrivals as they are", () => {
    const { arrivals, ...load } = of({ kind: 'poisson' }, 1, 2000);
    const { band, ...found } = capacity(model, loadShapeOf({ ...load, arrivalSec: arrivals }), slos, limits, {
      draws: 4,
    });
    expect(band?.loadError).toBeNull();
    expect(capacityText({ band, ...found })).toContain(
      "95 % band of the coefficients, the log's arrivals as they are]",
    );
  });
});
