import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { drawWorkload, type WorkloadOptions } from '../src/index.js';

const base: WorkloadOptions = {
  requests: 20_000,
  arrivals: { kind: 'poisson', perSec: 12 },
  prompt: { kind: 'lognormal', mean: 600, sigma: 0.8 },
  output: { kind: 'lognormal', mean: 150, sigma: 0.7 },
  seed: 3,
};
const gaps = (times: Float64Array) => times.map((t, i) => t - (times[i - 1] ?? 0));
const mean = (x: Float64Array) => x.reduce((a, b) => a + b, 0) / x.length;
const variance = (x: Float64Array) => {
  const centre = mean(x);
  return mean(x.map((v) => (v - centre) ** 2));
};

describe('arrivals', () => {
  it('Poisson: exponential gaps, mean and deviation 1 / rate', () => {
    const g = gaps(drawWorkload(base).arrivalSec);
    // Five standard errors of 20,000 draws.
    expect(mean(g)).toAgree(1 / 12, 5 / Math.sqrt(20_000));
    expect(Math.sqrt(variance(g))).toAgree(1 / 12, 0.05);
  });

  it('gamma bursts: the same rate, 1 / shape times the variance', () => {
    const g = gaps(drawWorkload({ ...base, arrivals: { kind: 'gamma', perSec: 12, shape: 1 / 8 } }).arrivalSec);
    expect(mean(g)).toAgree(1 / 12, 5 * Math.sqrt(8 / 20_000));
    expect(variance(g) * 144).toAgree(8, 0.2);
  });

  it('given ones are taken as they are', () => {
    const timesSec = [5, 1, 3];
    const { arrivalSec } = drawWorkload({ ...base, requests: 2, arrivals: { kind: 'given', timesSec } });
    expect([...arrivalSec]).toEqual([5, 1]);
  });
});

describe('lengths', () => {
  it('lognormal: the mean is that of the tokens, sigma that of their logarithm', () => {
    const { promptTokens, outputTokens } = drawWorkload(base);
    expect(mean(promptTokens)).toAgree(600, 0.03);
    expect(Math.sqrt(variance(promptTokens.map(Math.log)))).toAgree(0.8, 0.02);
    expect(mean(outputTokens)).toAgree(150, 0.03);
    expect(promptTokens.every(Number.isInteger)).toBe(true);
    expect(Math.min(...outputTokens)).toBeGreaterThanOrEqual(2);
  });

  it('stay between their bounds; constant ones are constant', () => {
    const { promptTokens, outputTokens } = drawWorkload({
      ...base,
      prompt: { kind: 'lognormal', mean: 600, sigma: 0.8, atLeast: 500, atMost: 700 },
      output: { kind: 'constant', tokens: 9 },
    });
    expect([Math.min(...promptTokens), Math.max(...promptTokens)]).toEqual([500, 700]);
    expect(new Set(outputTokens)).toEqual(new Set([9]));
  });
});

it('the same seed draws the same; arrivals do not depend on the lengths', () => {
  const few = { ...base, requests: 100 };
  expect(drawWorkload(few)).toEqual(drawWorkload(few));
  const other = drawWorkload({ ...few, output: { kind: 'constant', tokens: 9 } });
  expect(other.arrivalSec).toEqual(drawWorkload(few).arrivalSec);
  expect(drawWorkload({ ...few, seed: 4 }).arrivalSec).not.toEqual(other.arrivalSec);
});

it.each<[Partial<WorkloadOptions>, string]>([
  [{ requests: 0 }, 'requests: must be a whole number of at least 1; got 0'],
  [{ instances: 1.5 }, 'instances: must be a whole number of at least 1; got 1.5'],
  [{ seed: Number.NaN }, 'seed: must be a safe integer; got NaN'],
  [{ arrivals: { kind: 'poisson', perSec: 0 } }, 'arrivals.perSec: must be a finite number above 0; got 0'],
  [{ arrivals: { kind: 'gamma', perSec: 1, shape: -1 } }, 'arrivals.shape: must be a finite number above 0; got -1'],
  [{ arrivals: { kind: 'given', timesSec: [1] } }, 'arrivals: must have at least 20000 values; got 1'],
  [
    { prompt: { kind: 'lognormal', mean: Number.NaN, sigma: 1 } },
    'prompt.mean: must be a finite number above 0; got NaN',
  ],
  [
    { output: { kind: 'lognormal', mean: 9, sigma: -1 } },
    'output.sigma: must be a finite number of at least 0; got -1',
  ],
  [
    { output: { kind: 'lognormal', mean: 9, sigma: 1, atMost: 1 } },
    'output.atLeast: must not exceed atMost (1); got 2',
  ],
])('refuses %j', (change, message) => {
  const draw = () => drawWorkload({ ...base, ...change });
  expect(draw).toThrow(expect.objectContaining({ code: 'engine-sim/bad-option', message }));
});
