import { describe, expect, it } from 'vitest';
import { drawWorkload, runScenario, simulate, type Workload } from '../src/index.js';

const coefficients = { beta0: 6e-3, beta1: 20e-6, beta2: 120e-6 };
const limits = { coefficients, maxNumBatchedTokens: 2048, maxNumSeqs: 64 };
const drawn = (requests: number, perSec: number, seed = 1): Workload =>
  drawWorkload({
    requests,
    arrivals: { kind: 'poisson', perSec },
    prompt: { kind: 'lognormal', mean: 300, sigma: 0.6 },
    output: { kind: 'lognormal', mean: 40, sigma: 0.6 },
    seed,
  });

describe('engines behind a router', () => {
  it('in turn: each is the engine that gets every other request', () => {
    const workload = drawn(200, 20);
    const instance = Uint32Array.from({ length: 200 }, (_, i) => i % 2);
    const apart = simulate({ ...workload, instance }, limits);
    const together = simulate(workload, { ...limits, dataParallel: 2, router: 'round-robin' });
    expect(together.requests.lastTokenSec).toEqual(apart.requests.lastTokenSec);
    expect(together.rank).toEqual(instance);
    expect(together.steps).toEqual(apart.steps);
  });

  it('the one with the fewest requests, the first of those', () => {
    const workload: Workload = {
      length: 4,
      arrivalSec: Float64Array.of(0, 0.001, 0.002, 10),
      promptTokens: new Float64Array(4).fill(100),
      outputTokens: Float64Array.of(50, 50, 50, 5),
    };
    const { rank, requests } = simulate(workload, { ...limits, dataParallel: 3 });
    expect([...(rank ?? [])]).toEqual([0, 1, 2, 0]);
    // Each is alone: 100 prompt tokens, then steps of one decode.
    const alone = 6e-3 + 100 * 20e-6;
    expect(requests.firstTokenSec[1] - 0.001).toBeCloseTo(alone, 12);
    expect(requests.lastTokenSec[2] - requests.firstTokenSec[2]).toBeCloseTo(49 * (6e-3 + 120e-6), 12);
  });

  it('limits are of each, and every request is served once', () => {
    const { rank, steps, requests } = simulate(drawn(500, 200), { ...limits, maxNumSeqs: 4, dataParallel: 4 });
    expect(Math.max(...steps.requests)).toBe(4);
    expect(new Set(rank)).toEqual(new Set([0, 1, 2, 3]));
    expect(requests.lastTokenSec.every((sec, i) => sec >= requests.firstTokenSec[i])).toBe(true);
    expect(steps.prefillTokens.reduce((a, b) => a + b, 0)).toBe(requests.promptTokens.reduce((a, b) => a + b, 0));
  });

  it('noise is of each engine, and one engine has no ranks', () => {
    expect(runScenario('kv', { requests: 20 }).rank).toBeUndefined();
    const noisy = { ...limits, stepNoise: 0.05, dataParallel: 2 };
    const [a, b] = [1, 1].map((seed) => simulate(drawn(50, 20), noisy, { seed }).requests.lastTokenSec);
    expect(a).toEqual(b);
  });

  it.each([0, 1.5, Number.NaN])('refuses %s of them', (dataParallel) => {
    expect(() => simulate(drawn(2, 1), { ...limits, dataParallel })).toThrow(/dataParallel/);
  });
});

describe('clients that wait for their answers', () => {
  const loop = (clients: number, length: number, sec = 0) => ({
    clients,
    turnaroundSec: new Float64Array(length).fill(sec),
  });

  it.each([true, false])('request n + N arrives at the n-th completion; asynchronous %s', (asyncScheduling) => {
    const workload = drawn(120, 1000);
    const { requests } = simulate(workload, { ...limits, asyncScheduling }, { closedLoop: loop(8, 120, 0.001) });
    const arrivals = requests.arrivalSec.slice().sort();
    const ends = requests.lastTokenSec.slice().sort();
    expect(arrivals.slice(0, 8)).toEqual(workload.arrivalSec.slice(0, 8));
    for (let k = 8; k < 120; k++) expect(arrivals[k]).toBeCloseTo(ends[k - 8] + 0.001, 12);
  });

  it('keeps so many in flight whatever the arrivals were, over several engines too', () => {
    const { requests, steps } = simulate(
      drawn(200, 0.01),
      { ...limits, dataParallel: 2 },
      { closedLoop: loop(6, 200) },
    );
    const first = requests.arrivalSec[5];
    const busy = steps.requests.filter((_, k) => steps.startSec[k] > first);
    expect(Math.max(...busy)).toBeLessThanOrEqual(6);
    expect(requests.lastTokenSec.every((sec) => sec > 0)).toBe(true);
  });

  it('refuses no client, a turnaround below 0, and engines that a log tells apart', () => {
    const workload = drawn(5, 1);
    expect(() => simulate(workload, limits, { closedLoop: loop(0, 5) })).toThrow(/clients/);
    expect(() => simulate(workload, limits, { closedLoop: loop(1, 5, -1) })).toThrow(/turnaroundSec/);
    expect(() => simulate(workload, limits, { closedLoop: loop(1, 4) })).toThrow(/turnaroundSec/);
    const instance = new Uint32Array(5);
    expect(() => simulate({ ...workload, instance }, limits, { closedLoop: loop(1, 5) })).toThrow(/closedLoop/);
  });
});
