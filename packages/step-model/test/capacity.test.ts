import '@stepclock/vitest-matchers';
import { simulate } from '@stepclock/engine-sim';
import { quantileOf } from '@stepclock/numerics';
import { CATALOGUE } from '@stepclock/step-cost';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { engineUnderLoad } from '../src/capacity/engine-under-load.js';
import { highestRate } from '../src/capacity/highest-rate.js';
import { headOf, workloadAt } from '../src/capacity/load-shape.js';
import { rateWithinSlos } from '../src/capacity/rate-within-slos.js';
import { saturationRate } from '../src/capacity/saturation.js';
import {
  capacity,
  capacityCsv,
  capacityJson,
  capacityText,
  loadShapeOf,
  loadShapeOfSpec,
  parseSlos,
  replicasFor,
  replicasOverTime,
} from '../src/index.js';
import { drawnBetas } from '../src/replay/coefficient-draws.js';
import { baseModel } from './base-model.js';

const betas = { beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4, beta3: 1e-7 };
const model = baseModel({ betas });
const limits = { maxNumBatchedTokens: 2048, maxNumSeqs: 256 };
const shape = headOf(loadShapeOfSpec('prompt=600:0.8,output=50:0.7'), 3000);
const costOf = (step: { prefillTokens: number; decodeSeqs: number; contextTokens: number }): number =>
  betas.beta0 + betas.beta1 * step.prefillTokens + betas.beta2 * step.decodeSeqs + betas.beta3 * step.contextTokens;

/** The model with coefficients known to so much, each by itself. */
const withError = (share: number) => {
  const sd = Object.values(betas).map((value) => share * value);
  const around = (t: number): readonly [number, number] => {
    const value = Object.values(betas)[t];
    return [value - 1.96 * sd[t], value + 1.96 * sd[t]];
  };
  const [beta0, beta1, beta2, beta3] = [0, 1, 2, 3].map(around);
  const covariance = sd.map((s, t) => sd.map((_, u) => (t === u ? s * s : 0)));
  return baseModel({ betas, intervals: { level: 0.95, beta0, beta1, beta2, beta3, covariance } });
};

describe('parseSlos', () => {
  it('reads metric, statistic and limit; ms and p95 where nothing else is said', () => {
    expect(parseSlos('ttft:p95:200ms, tpot:mean:50 e2e:p99.9:10s ttft:250us')).toEqual([
      { metric: 'ttft', statistic: 0.95, limitSec: 0.2 },
      { metric: 'tpot', statistic: 'mean', limitSec: 0.05 },
      { metric: 'latency', statistic: 0.9990000000000001, limitSec: 10 },
      { metric: 'ttft', statistic: 0.95, limitSec: 250e-6 },
    ]);
  });

  it.each([
    ['', 'SLO, text: must have a clause; got ""'],
    ['ttft', 'SLO, clause: must be METRIC:STATISTIC:LIMIT or METRIC:LIMIT; got "ttft"'],
    ['itl:p95:2ms', 'SLO, metric: must be one of ttft, tpot, e2e, e2el, latency; got "itl"'],
    ['ttft:q95:2ms', 'SLO, statistic: must be mean or p50, p95, p99.9; got "q95"'],
    ['ttft:p100:2ms', 'SLO, statistic: must be mean or p50, p95, p99.9; got "p100"'],
    ['ttft:p95:2h', 'SLO, limit: must be a time above 0 in us, ms (where no unit is given) or s; got "2h"'],
    ['ttft:p95:0', 'SLO, limit: must be a time above 0 in us, ms (where no unit is given) or s; got "0"'],
    ['ttft:p95:-2ms', 'SLO, limit: must be a time above 0 in us, ms (where no unit is given) or s; got "-2ms"'],
  ])('refuses %j', (text, message) => {
    expect(() => parseSlos(text)).toThrow(message);
  });
});

describe('a load', () => {
  it('has one request a second in the mean, however its arrivals are drawn, and in its head', () => {
    for (const pattern of [{ kind: 'poisson' }, { kind: 'gamma', shape: 0.125 }] as const) {
      const { arrivals, length } = headOf(loadShapeOfSpec('prompt=10,output=10', pattern, 3), 500);
      expect(arrivals[length - 1]).toAgree(length - 1, 1e-12);
    }
  });

  it("repeats a log end to end with its own arrivals, in the order of arrival, whatever the rows' order", () => {
    const log = {
      length: 3,
      arrivalSec: Float64Array.of(30, 10, 20),
      promptTokens: Float64Array.of(3, 1, 2),
      outputTokens: Float64Array.of(6, 4, 5),
    };
    const { length, arrivals, promptTokens, pattern } = loadShapeOf(log);
    expect(length).toBeGreaterThanOrEqual(10_000);
    expect(pattern).toEqual({ kind: 'log' });
    expect([...arrivals.slice(0, 5)]).toEqual([0, 1, 2, 3, 4]);
    expect([...promptTokens.slice(0, 5)]).toEqual([1, 2, 3, 1, 2]);
    expect([...workloadAt(loadShapeOf(log), 4).arrivalSec.slice(0, 3)]).toEqual([0, 0.25, 0.5]);
  });

  it('is Poisson where a log has no arrivals, and refuses its own there', () => {
    const log = { length: 2, promptTokens: Float64Array.of(1, 2), outputTokens: Float64Array.of(2, 2) };
    expect(loadShapeOf(log).pattern).toEqual({ kind: 'poisson' });
    expect(() => loadShapeOf(log, { kind: 'log' })).toThrow('workload: must tell when its requests arrived');
    expect(() => loadShapeOf({ ...log, length: 0 })).toThrow('workload: must have a request; got 0');
  });

  it.each([
    ['prompt=600', 'workload, output: must be given; got "prompt=600"'],
    ['prompt=600,output=0', 'workload, output: must be MEAN or MEAN:SIGMA, a mean from 1 to 1000000 tokens; got "0"'],
    ['prompt=600:9,output=5', 'workload, prompt: must have a sigma from 0 to 5; got "600:9"'],
    ['prompt=6,prompt=7,output=5', 'workload, prompt: must be given once; got "prompt=7"'],
    ['prompt=6,length=7', 'workload, field: must be prompt=... or output=...; got "length=7"'],
    ['prompt=x,output=5', 'workload, prompt: must be MEAN or MEAN:SIGMA'],
  ])('refuses %j', (text, message) => {
    expect(() => loadShapeOfSpec(text)).toThrow(message);
  });
});

describe('highestRate', () => {
  it('is the threshold of any step, to the tolerance', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        fc.constantFrom(1.05, 2),
        (threshold, from, growth) => {
          const step = (rate: number): number => (rate <= threshold ? -1 : Infinity);
          const found = highestRate(step, { from, least: 1e-4, tolerance: 1e-3, growth });
          expect(found?.holds).toBeLessThanOrEqual(threshold);
          expect(found?.fails).toBeGreaterThan(threshold);
          expect((found?.fails ?? 0) / (found?.holds ?? 1)).toBeLessThanOrEqual(1.001);
        },
      ),
    );
  });

  it('takes few trials where figures rise evenly, or steeply at the end, and never many more than halving takes', () => {
    const trialsOf = (excessOf: (rate: number) => number, tolerance: number): number => {
      let trials = 0;
      const counting = (rate: number): number => {
        trials++;
        return excessOf(rate);
      };
      const found = highestRate(counting, { from: 30, least: 0.1, tolerance });
      expect(excessOf(found?.holds ?? Infinity)).toBeLessThanOrEqual(0);
      expect(excessOf(found?.fails ?? 0)).toBeGreaterThan(0);
      expect((found?.fails ?? 0) / (found?.holds ?? 1)).toBeLessThanOrEqual(1 + tolerance);
      return trials;
    };
    expect(trialsOf((rate) => 1.3 * Math.log(rate / 11), 0.005)).toBeLessThanOrEqual(5);
    const queue = (rate: number): number => (rate < 20 ? Math.log(0.02 / (1 - rate / 20)) : Infinity);
    expect(trialsOf(queue, 0.005)).toBeLessThanOrEqual(12);
    const halvings = Math.log2(Math.log(2) / Math.log(1.005));
    expect(trialsOf((rate) => (rate < 17 ? -1e-9 : 1e3), 0.005)).toBeLessThanOrEqual(2 + 3 * halvings);
  });

  it('is undefined below the least rate, and has no end where nothing fails', () => {
    expect(highestRate(() => 1, { from: 1, least: 0.1, tolerance: 0.01 })).toBeUndefined();
    expect(highestRate(() => 0, { from: 1, least: 0.1, tolerance: 0.01 })?.fails).toBe(Infinity);
  });
});

describe('capacity', () => {
  const slos = parseSlos('tpot:p95:30ms ttft:p99:2s');
  const found = capacity(model, shape, slos, limits);
  const rate = found.ratePerSec ?? 0;
  const tpotAt = (perSec: number): number => {
    const { requests } = simulate(workloadAt(shape, perSec), { ...limits, stepSeconds: costOf });
    const tpot = requests.firstTokenSec.map(
      (first, i) => (requests.lastTokenSec[i] - first) / (requests.outputTokens[i] - 1),
    );
    return quantileOf(tpot.slice(300, 2850), 0.95);
  };

  it('is the rate at which the SLO just holds', () => {
    expect(tpotAt(rate)).toBeLessThanOrEqual(0.03);
    expect(tpotAt(1.01 * rate)).toBeGreaterThan(0.03);
    expect(found.binding).toEqual(slos[0]);
    expect(found.unreachable).toEqual([]);
    expect(found.atRate?.metrics.tpot.p95).toAgree(tpotAt(rate), 1e-12);
  });

  it('lies below the saturation, near which the figures bend', () => {
    expect(rate).toBeLessThan(found.saturationPerSec);
    const tpot = found.curve.map(({ metrics }) => metrics.tpot.mean ?? 0);
    expect(tpot).toEqual([...tpot].sort((a, b) => a - b));
    expect(found.curve.at(-1)?.waiting).toBeGreaterThan(found.curve[0].waiting);
    expect(found.curve[0].goodShare).toBe(1);
  });

  it('scales: an engine that takes half the time serves twice the rate within half the limits', () => {
    const faster = baseModel({ betas: { beta0: 0.003, beta1: 1e-5, beta2: 6e-5, beta3: 5e-8 } });
    const twice = capacity(faster, shape, parseSlos('tpot:p95:15ms ttft:p99:1s'), limits);
    expect(twice.ratePerSec).toAgree(2 * rate, 1e-9);
    expect(twice.saturationPerSec).toAgree(2 * found.saturationPerSec, 1e-9);
  });

  it('has no band without a covariance, and one around the rate with it', () => {
    expect(found.band).toBeNull();
    const wide = withError(0.01);
    const parts: (readonly [number, number])[] = [];
    const onProgress = (done: number, of: number): void => void parts.push([done, of]);
    const { band, ratePerSec } = capacity(wide, shape, slos, limits, { draws: 12, seed: 1, onProgress });
    expect(parts.map(([done]) => done)).toEqual(parts.map((_, k) => k));
    expect(parts.at(-1)).toEqual([parts.length - 1, parts.length]);
    expect(ratePerSec).toBe(rate);
    expect(band?.draws).toBe(12);
    expect(band?.perSec[0]).toBeLessThan(rate);
    expect(band?.perSec[1]).toBeGreaterThan(rate);
    expect((band?.perSec[1] ?? 0) / (band?.perSec[0] ?? 1)).toBeLessThan(1.1);
    // Each drawn engine, searched by itself.
    const searched = (drawnBetas(wide, 12, 1) ?? []).map((drawn) => {
      const engine = engineUnderLoad(drawn, { limits, catalogue: CATALOGUE, seed: 0 });
      return rateWithinSlos(engine, shape, slos, { tolerance: 0.005, from: rate, growth: 1.05 }).holdsPerSec ?? 0;
    });
    // What the load leaves open, Student's t of nineteen degrees of freedom at 95 %, widens both ends alike.
    const [low, high] = [0.025, 0.975].map((p) => quantileOf(searched, p));
    const half = Math.log(high / low) / 2;
    const widening = Math.exp(Math.hypot(half, 2.093 * (band?.loadError ?? 0)) - half);
    expect(widening).toBeGreaterThan(1.01);
    expect(band?.perSec[0]).toAgree(low / widening, 0.006);
    expect(band?.perSec[1]).toAgree(high * widening, 0.006);
  });

  it('has a band where the saturation ends the rate: that of the drawn saturations', () => {
    const wide = withError(0.01);
    const few = headOf(shape, 1000);
    const loose = capacity(wide, few, parseSlos('ttft:p50:3600s'), limits, { draws: 8 });
    const searched = (drawnBetas(wide, 8) ?? []).map((drawn) =>
      saturationRate(engineUnderLoad(drawn, { limits, catalogue: CATALOGUE, seed: 0 }), few),
    );
    expect(loose.band?.loadError).toBeNull();
    expect(loose.band?.perSec[0]).toAgree(quantileOf(searched, 0.025), 0.006);
    expect(loose.band?.perSec[1]).toAgree(quantileOf(searched, 0.975), 0.006);
  });

  it('says of a log whether one engine takes it as it is; a description has no load of its own', () => {
    expect(found.logLoad).toBeNull();
    const few = headOf(shape, 1000);
    const at = (perSec: number) => {
      const log = loadShapeOf({ ...few, arrivalSec: few.arrivals.map((sec) => 5 + sec / perSec) });
      return capacity(model, headOf(log, 1000), slos, limits, { draws: 0 });
    };
    const [light, heavy] = [at(0.5 * rate), at(1.3 * rate)];
    expect(light.logLoad).toEqual({ ratePerSec: expect.closeTo(0.5 * rate, 6), isFeasible: true });
    expect(heavy.logLoad).toEqual({ ratePerSec: expect.closeTo(1.3 * rate, 6), isFeasible: false });
    expect(heavy.ratePerSec).toBe(light.ratePerSec);
    expect(capacityText(light)).toMatch(/^The log's own load, [\d.]+ requests\/s in the mean, is within it\.$/m);
    expect(capacityText(heavy)).toMatch(/in the mean, is infeasible for one engine: it needs 2\.$/m);
  });

  it('ends at the saturation where no SLO is near', () => {
    const loose = capacity(model, shape, parseSlos('ttft:p50:3600s'), limits);
    expect(loose.ratePerSec).toBe(loose.saturationPerSec);
    expect(loose.binding).toBeNull();
  });

  it('says by how much an SLO is missed by requests alone, and which term is in the way', () => {
    const none = capacity(model, shape, parseSlos('tpot:mean:5ms ttft:p95:20ms'), limits);
    expect(none.ratePerSec).toBeNull();
    expect(none.unreachable.map(({ slo, term }) => [slo.metric, term])).toEqual([
      ['tpot', 'step'],
      ['ttft', 'prefill_tokens'],
    ]);
    // A lone decode: 6 ms, 120 us and 100 ns for each of some 600 tokens.
    expect(none.unreachable[0].valueSec).toAgree(0.0062, 0.02);
    expect(capacityText(none)).toContain('No rate keeps tpot mean <= 5.000 ms: a request alone has 6.1');
    expect(capacityJson(none)).toMatchObject({ schema: 'stepclock/capacity@1', feasible: false, rate_per_sec: null });
  });

  it('is told in words, JSON and CSV without a number that is none', () => {
    const text = capacityText(found);
    expect(text).toMatch(/requests\/s keep tpot p95 <= 30\.00 ms, ttft p99 <= 2\.000 s; tpot p95 ends it\.\n/);
    expect(text).toContain('<- the rate');
    const csv = capacityCsv(found);
    expect(csv.split('\n')[0]).toMatch(/^rate_per_sec,good_share,goodput_per_sec,utilisation,.*ttft_mean_sec/);
    expect(csv.trimEnd().split('\n')).toHaveLength(found.curve.length + 2);
    expect(text + csv + JSON.stringify(capacityJson(found))).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('warns beyond what the fit has seen, and asks for an SLO', () => {
    const seen = { condition_number: 5, compositions: { decode_seqs: [1, 4] } };
    const narrow = baseModel({ betas, identifiability: seen });
    expect(capacity(narrow, shape, slos, limits, { draws: 0 }).warnings.map(({ code }) => code)).toContain(
      'extrapolation',
    );
    expect(() => capacity(model, shape, [], limits)).toThrow('SLOs: must have one; got 0');
  });
});

describe('replicas', () => {
  it('are whole, and at least one', () => {
    expect([0.1, 10, 10.1, 95].map((rate) => replicasFor(rate, 10))).toEqual([1, 1, 2, 10]);
  });

  it('follow the arrivals of each bin', () => {
    // Two requests in the first ten seconds, none in the next, four in the last.
    const plan = replicasOverTime([100, 109.9, 120, 121, 122, 129], 0.1, 10);
    expect([...plan.ratePerSec]).toEqual([0.2, 0, 0.4]);
    expect([...plan.replicas]).toEqual([2, 1, 4]);
    expect(plan).toMatchObject({ peak: 4, mean: 7 / 3, replicaHours: 70 / 3600 });
  });

  it('need arrivals and bins', () => {
    expect(() => replicasOverTime([], 1, 10)).toThrow('arrivals: must have a request; got 0');
    expect(() => replicasOverTime([0, 10], 1, 0)).toThrow('seconds of a bin: must be above 0');
    expect(() => replicasOverTime([0, 1e9], 1, 1)).toThrow('make at most 600000 bins of 1000000000 s; got 1');
  });
});
