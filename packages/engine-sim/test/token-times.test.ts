import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { drawWorkload, simulate, tokenTimes, type Workload } from '../src/index.js';

const coefficients = { beta0: 1, beta1: 0.01, beta2: 0.1 };
const workload = (...rows: [arrival: number, prompt: number, output: number][]): Workload => ({
  length: rows.length,
  arrivalSec: Float64Array.from(rows, ([arrival]) => arrival),
  promptTokens: Float64Array.from(rows, ([, prompt]) => prompt),
  outputTokens: Float64Array.from(rows, ([, , output]) => output),
});
const drawn = drawWorkload({
  requests: 60,
  arrivals: { kind: 'poisson', perSec: 0.4 },
  prompt: { kind: 'lognormal', mean: 60, sigma: 0.5 },
  output: { kind: 'lognormal', mean: 20, sigma: 0.5 },
  seed: 3,
});
const chunks = (table: ReturnType<typeof tokenTimes>, r: number): number[] => [
  ...table.chunkSec.subarray(table.chunkOffsets[r], table.chunkOffsets[r + 1]),
];

describe('tokens as a client sees them', () => {
  it('a request shows a chunk at the end of every step that moves it', () => {
    const run = simulate(workload([0, 100, 3], [0, 100, 2]), { coefficients });
    const table = tokenTimes(run);
    // Both prompts in one step of 1 + 2 s, then a step of two decodes, then one of one.
    expect(chunks(table, 0)).toEqual([3, 4.2, 5.3].map((sec) => expect.closeTo(sec, 12)));
    expect(chunks(table, 1)).toEqual([3, 4.2].map((sec) => expect.closeTo(sec, 12)));
    expect(table).toMatchObject({ requestCount: 2, starts: 'given' });
  });

  it.each([
    ['a shared budget', { maxNumBatchedTokens: 64, maxNumSeqs: 16 }],
    ['chunks a prompt', { chunkSize: 16 }],
    ['preemption', { maxNumBatchedTokens: 64, maxNumSeqs: 16, kvTokens: 700 }],
    ['prefill first', { maxNumBatchedTokens: 64, maxNumSeqs: 16, prefillFirst: true }],
    ['asynchronous scheduling', { maxNumBatchedTokens: 64, maxNumSeqs: 16, asyncScheduling: true }],
  ])('every token has its time, the first and last those of the request: %s', (_, limits) => {
    const run = simulate(drawn, { coefficients, ...limits });
    const table = tokenTimes(run);
    for (let r = 0; r < drawn.length; r++) {
      const times = chunks(table, r);
      expect(times).toHaveLength(drawn.outputTokens[r]);
      expect(times[0]).toAgree(run.requests.firstTokenSec[r], 1e-12);
      expect(times.at(-1)).toAgree(run.requests.lastTokenSec[r], 1e-12);
    }
  });

  it('prefill first: no decode moves in a step that holds prefill', () => {
    const { steps } = simulate(drawn, { coefficients, maxNumBatchedTokens: 64, maxNumSeqs: 16, prefillFirst: true });
    for (let k = 0; k < steps.length; k++) expect(steps.prefillTokens[k] * steps.decodeTokens[k]).toBe(0);
  });

  it('jitter only delays, and never turns chunks of a request round', () => {
    const run = simulate(drawn, { coefficients });
    const exact = tokenTimes(run);
    const late = tokenTimes(run, { jitterSec: 0.5, seed: 1 });
    expect(tokenTimes(run, { jitterSec: 0.5, seed: 1 }).chunkSec).toEqual(late.chunkSec);
    let sum = 0;
    for (let i = 0; i < exact.chunkSec.length; i++) {
      expect(late.chunkSec[i]).toBeGreaterThanOrEqual(exact.chunkSec[i]);
      sum += late.chunkSec[i] - exact.chunkSec[i];
    }
    expect(sum / exact.chunkSec.length).toBeGreaterThan(0.4);
  });

  it('held-back tokens come with the next chunk; the first and the last are always shown', () => {
    const run = simulate(drawn, { coefficients });
    const table = tokenTimes(run, { heldBack: 0.3, seed: 2 });
    const tokens = drawn.outputTokens.reduce((a, b) => a + b, 0);
    expect(table.chunkSec.length / tokens).toBeGreaterThan(0.6);
    expect(table.chunkSec.length / tokens).toBeLessThan(0.85);
    expect(chunks(table, 5)[0]).toBe(run.requests.firstTokenSec[5]);
    expect(chunks(table, 5).at(-1)).toBe(run.requests.lastTokenSec[5]);
  });

  it('an interval of four shows the first token, every fourth after it, and the last', () => {
    const run = simulate(workload([0, 10, 8]), { coefficients });
    const all = chunks(tokenTimes(run), 0);
    expect(chunks(tokenTimes(run, { interval: 4 }), 0)).toEqual([all[0], all[4], all[7]]);
  });

  it('a client sends its requests earlier than the engine has them', () => {
    const run = simulate(drawn, { coefficients });
    expect(tokenTimes(run, { overheadSec: 0.25 }).sentSec[7]).toAgree(drawn.arrivalSec[7] - 0.25, 1e-12);
  });

  it.each([
    [{ jitterSec: -1 }, 'jitterSec'],
    [{ overheadSec: Number.NaN }, 'overheadSec'],
    [{ heldBack: 1 }, 'heldBack'],
    [{ interval: 1.5 }, 'interval'],
  ])('%o is refused', (options, what) => {
    const run = simulate(workload([0, 10, 8]), { coefficients });
    expect(() => tokenTimes(run, options)).toThrow(`${what}: must be`);
  });
});
