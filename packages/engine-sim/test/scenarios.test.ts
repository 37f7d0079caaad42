import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { runScenario, type Scenario, scenarioNames, scenarios } from '../src/index.js';

const meanBatch = (decodeTokens: Float64Array) => decodeTokens.reduce((a, b) => a + b, 0) / decodeTokens.length;

describe.each(scenarioNames)('%s', (name) => {
  const run = runScenario(name, { seed: 1, requests: 100 });

  it('serves every request under the coefficients it states', () => {
    expect(run.requests.length).toBe(100);
    expect(run.phases.length).toBe(200);
    const { beta0, beta1, beta2, beta3 = 0 } = run.coefficients;
    const { steps } = run;
    const { stepNoise = 0 }: Scenario['engine'] = scenarios[name].engine;
    const factor = steps.durationSec.map(
      (sec, i) =>
        sec /
        (beta0 +
          beta1 * (steps.prefillTokens[i] ?? 0) +
          beta2 * (steps.decodeTokens[i] ?? 0) +
          beta3 * (steps.contextTokens[i] ?? 0)),
    );
    const mean = factor.reduce((a, b) => a + b, 0) / factor.length;
    const sd = Math.sqrt(factor.reduce((a, f) => a + (f - mean) ** 2, 0) / factor.length);
    expect(mean).toAgree(1, 5 * (stepNoise / Math.sqrt(factor.length)) + 1e-12);
    expect(sd).toAgree(stepNoise, 0.1, 1e-12);
  });

  it('is the same for the same seed, another for another', () => {
    expect(runScenario(name, { seed: 1, requests: 100 }).steps).toEqual(run.steps);
    expect(runScenario(name, { seed: 2, requests: 100 }).steps.length).not.toBe(run.steps.length);
  });
});

describe('the table of presets', () => {
  interface Row {
    readonly chunkSize?: number;
    readonly budget?: number;
    readonly perSec: number;
    /** Of the gamma gaps; without it they are exponential. */
    readonly shape?: number;
    readonly beta3?: number;
    readonly noise?: number;
  }
  const table: Readonly<Record<string, Row>> = {
    'chunk-64-light': { chunkSize: 64, perSec: 8 },
    'chunk-64-medium': { chunkSize: 64, perSec: 12 },
    'chunk-64-heavy': { chunkSize: 64, perSec: 25 },
    'chunk-512-light': { chunkSize: 512, perSec: 4 },
    'chunk-512-medium': { chunkSize: 512, perSec: 12 },
    'chunk-512-heavy': { chunkSize: 512, perSec: 25 },
    'budget-2048-light': { budget: 2048, perSec: 4 },
    'budget-2048-medium': { budget: 2048, perSec: 12 },
    'budget-2048-bursty': { budget: 2048, perSec: 12, shape: 1 / 8 },
    'budget-1024-medium': { budget: 1024, perSec: 12 },
    'budget-512-heavy': { budget: 512, perSec: 20 },
    folded: { budget: 2048, perSec: 12, shape: 1 / 8 },
    noisy: { budget: 2048, perSec: 12, noise: 0.05 },
    kv: { budget: 2048, perSec: 12, beta3: 2e-7 },
    'kv-light': { budget: 2048, perSec: 6, beta3: 1e-7 },
    'kv-noisy': { budget: 2048, perSec: 12, beta3: 2e-7, noise: 0.05 },
    'kv-light-noisy': { budget: 2048, perSec: 6, beta3: 1e-7, noise: 0.05 },
    preempting: { budget: 2048, perSec: 12 },
  };

  it('names every preset', () => expect([...scenarioNames].sort()).toEqual(Object.keys(table).sort()));

  it.each(scenarioNames)('%s', (name) => {
    const { engine, arrivals, prompt, output, view }: Scenario = scenarios[name];
    const { chunkSize, budget, perSec, shape, beta3, noise = 0 } = table[name];
    expect(engine.coefficients).toEqual({ beta0: 6e-3, beta1: 20e-6, beta2: 120e-6, ...(beta3 && { beta3 }) });
    expect(engine.maxNumSeqs).toBe(256);
    expect([engine.chunkSize, engine.maxNumBatchedTokens]).toEqual([chunkSize, budget]);
    expect(engine.stepNoise ?? 0).toBe(noise);
    expect(arrivals).toEqual(shape ? { kind: 'gamma', perSec, shape } : { kind: 'poisson', perSec });
    const cut = name === 'preempting';
    expect(engine.kvTokens).toBe(cut ? 12_000 : undefined);
    expect(prompt).toEqual({ kind: 'lognormal', mean: 600, sigma: 0.8, atLeast: 1, ...(cut && { atMost: 8_000 }) });
    expect(output).toEqual({ kind: 'lognormal', mean: 150, sigma: 0.7, atLeast: 2, ...(cut && { atMost: 4_000 }) });
    expect(view).toEqual(name === 'folded' ? { queueInPrefill: true } : {});
  });
});

it('light, medium and heavy are what they say', () => {
  const batch = (name: (typeof scenarioNames)[number]) => meanBatch(runScenario(name).steps.decodeTokens);
  expect(batch('chunk-512-light')).toBeLessThan(batch('chunk-512-medium') / 2);
  expect(batch('chunk-512-medium')).toBeLessThan(batch('chunk-512-heavy') / 2);
});

it('preempting preempts', () => {
  const { truth } = runScenario('preempting');
  expect(truth.preemptions.filter((n) => n > 0).length).toBeGreaterThan(50);
});

it('folded hides the queue in the prefill', () => {
  const { requests, phases } = runScenario('folded', { requests: 50 });
  expect(requests.scheduledSec).toEqual(requests.arrivalSec);
  expect(phases.startSec[0]).toBe(requests.arrivalSec?.[0]);
});

it('coefficients, limits and view can be changed one by one', () => {
  const run = runScenario('kv', {
    requests: 50,
    coefficients: { beta0: 0.01 },
    engine: { maxNumSeqs: 4 },
    roundToSec: 1e-3,
  });
  expect(run.coefficients).toEqual({ beta0: 0.01, beta1: 20e-6, beta2: 120e-6, beta3: 2e-7 });
  expect(Math.max(...run.steps.requests)).toBe(4);
  expect(Math.round((run.phases.endSec[0] ?? 0) * 1e3)).toAgree((run.phases.endSec[0] ?? 0) * 1e3, 1e-9);
});

it('several instances keep the load of each', () => {
  const run = runScenario('budget-2048-medium', { requests: 2000, instances: 2 });
  expect(run.requests.instanceIds?.at(1)).toBe('engine-1');
  expect(new Set(run.steps.instance)).toEqual(new Set([0, 1]));
  const one = runScenario('budget-2048-medium', { requests: 1000 });
  expect(meanBatch(run.steps.decodeTokens)).toAgree(meanBatch(one.steps.decodeTokens), 0.2);
});

it('an unknown name is refused with the known ones', () => {
  expect(() => runScenario('chunky' as 'kv')).toThrow(/scenario: must be one of chunk-64-light, .*; got "chunky"/);
});
