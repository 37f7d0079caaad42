import '@stepclock/vitest-matchers';
import { runScenario, scenarios } from '@stepclock/engine-sim';
import { describe, expect, it } from 'vitest';
import { type Refinement, refinedByReplay, refinedFit } from '../src/index.js';

const { engine, ...load } = scenarios.preempting;
const settings = { maxNumBatchedTokens: 2048, maxNumSeqs: 256, kvTokens: 8000 };
const prompt = { kind: 'lognormal', mean: 400, sigma: 0.6, atMost: 4000 } as const;
const run = runScenario(
  { ...load, prompt, arrivals: { kind: 'poisson', perSec: 30 }, engine: { ...engine, ...settings } },
  { requests: 200, seed: 1 },
);
const { beta0, beta1, beta2 } = run.coefficients;
const diagonal = (sd: readonly number[]) => sd.map((a, i) => sd.map((b, j) => (i === j ? a * b : 0)));
/** Standard errors of a tenth of each coefficient. */
const times = (factor: number) => ({
  betas: { beta0: factor * beta0, beta1: factor * beta1, beta2: factor * beta2 },
  covariance: diagonal([0.1 * beta0, 0.1 * beta1, 0.1 * beta2]),
});
const { arrivalSec } = run.requests;
const refined = (...[requests, fit, limits, options]: Parameters<typeof refinedByReplay>): Refinement => {
  const found = refinedByReplay(requests, fit, limits, options);
  if (found?.kind !== 'refined') throw new Error(`not refined: ${JSON.stringify(found)}`);
  return found;
};

describe('coefficients refined by replays of a log that preempted', () => {
  it.each([0.95, 1.1, 1.25])('%d times too large: the factor takes that back', (off) => {
    const { factor, late, replays } = refined(run.requests, times(off), settings);
    expect(factor * off).toAgree(1, 0.015);
    expect(Math.sign(late[0])).toBe(Math.sign(off - 1));
    expect(Math.abs(late[1])).toBeLessThan(0.005);
    expect(replays).toBeLessThanOrEqual(12);
  });

  it('look at a window only where one was fitted', () => {
    const first = arrivalSec?.reduce((a, b) => Math.min(a, b), Infinity) ?? 0;
    const window = [first, first + 12] as const;
    const later = run.requests.firstTokenSec?.map((sec) => (sec > window[1] ? sec + 100 : sec));
    const spoiled = { ...run.requests, ...(later && { firstTokenSec: later }) };
    expect(refined(spoiled, times(1.1), settings, { window }).factor * 1.1).toAgree(1, 0.03);
  });

  it('stay where the replay is near, preempts hardly anybody, or knows no cache', () => {
    expect(refinedByReplay(run.requests, times(1), settings)).toBeUndefined();
    expect(refinedByReplay(run.requests, times(1.1), { ...settings, kvTokens: 1e6 })).toBeUndefined();
    const { kvTokens: _, ...open } = settings;
    expect(refinedByReplay(run.requests, times(1.1), open)).toBeUndefined();
  });

  it('stay where the limits are not those of the log, which is said', () => {
    const sure = { ...times(1), covariance: diagonal([0.01 * beta0, 0.01 * beta1, 0.01 * beta2]) };
    const found = refinedByReplay(run.requests, sure, { ...settings, kvTokens: 5600 });
    expect(found).toEqual({ kind: 'doubted', late: expect.any(Number) });
    expect(found?.late).toBeGreaterThan(0.1);
    // As doubtful as these are, they would go along with a wrong cache; the decodes do not.
    for (const kvTokens of [7200, 8800])
      expect(refinedByReplay(run.requests, times(1), { ...settings, kvTokens })).toMatchObject({
        kind: 'doubted',
        decodes: expect.toSatisfy((off: number) => (kvTokens > 8000 ? off > 0.02 : off < -0.02)),
      });
    expect(
      refinedByReplay(run.requests, { ...times(1.03), covariance: diagonal([0, 0, 0]) }, settings),
    ).toBeUndefined();
  });
});

it('moves what is doubtful, as far as its bound', () => {
  const covariance = diagonal([1e-9, 1e-12, 1e-4]);
  const { betas } = refined(run.requests, { betas: { beta0, beta1, beta2: 1.6 * beta2 }, covariance }, settings);
  expect(betas.beta0).toAgree(beta0, 1e-4);
  expect(betas.beta2).toAgree(beta2, 0.1);
  // A small coefficient ends at zero, and what is next in doubt takes the rest.
  const atZero = diagonal([0.1 * beta0, 1e-12, 1e-5]);
  const found = refined(
    run.requests,
    { betas: { beta0: 1.5 * beta0, beta1, beta2: 1e-6 }, covariance: atZero },
    settings,
  );
  expect(found.betas.beta2).toBe(0);
  expect(found.betas.beta0).toBeLessThan(1.4 * beta0);
});

it('a refined fit keeps its shape, and intervals that reach to where it was', () => {
  const fit = {
    betas: { beta0: 0.01, beta1: 2e-5 },
    intervals: {
      level: 0.95,
      byLabel: { beta0: [0.009, 0.011] as const, beta1: null },
      covariance: [
        [2.6e-7, -1e-10],
        [-1e-10, 1e-12],
      ],
    },
    algo: 'step-clock',
  };
  const to = { beta0: 0.009, beta1: 1.8e-5 };
  const { betas, intervals, algo } = refinedFit(fit, { betas: to });
  expect([algo, betas]).toEqual(['step-clock', to]);
  // The half width, and what the coefficient moved, as one.
  const half = Math.hypot(0.001, 0.001);
  expect(intervals?.byLabel.beta0).toAgree([0.009 - half, 0.009 + half], 1e-12);
  expect(half).toBeGreaterThan(0.001);
  expect(intervals?.byLabel.beta1).toBeNull();
  expect(intervals?.covariance[0]?.[0]).toAgree(2.6e-7 + 1e-6 / 1.96 ** 2, 1e-12);
  expect(intervals?.covariance[0]?.[1]).toAgree(-1e-10 + (1e-3 * 2e-6) / 1.96 ** 2, 1e-12);
  expect(refinedFit({ ...fit, intervals: null }, { betas: to }).betas.beta0).toBe(0.009);
});
