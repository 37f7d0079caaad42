import '@stepclock/vitest-matchers';
import { drawWorkload, runScenario, simulate } from '@stepclock/engine-sim';
import type { RequestTable } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { METRIC_NAMES, type Replay, replay } from '../src/index.js';
import { closedLoopOf } from '../src/serving/closed-loop.js';

const coefficients = { beta0: 6e-3, beta1: 20e-6, beta2: 120e-6 };
const LIMITS = { maxNumBatchedTokens: 2048, maxNumSeqs: 64 };
const drawn = (requests: number, perSec: number, seed = 1) =>
  drawWorkload({
    requests,
    arrivals: { kind: 'poisson', perSec },
    prompt: { kind: 'lognormal', mean: 300, sigma: 0.6 },
    output: { kind: 'lognormal', mean: 40, sigma: 0.6 },
    seed,
  });
const ofClients = (clients: number, requests: number, turnaround = 0.002, seed = 1) =>
  simulate(
    drawn(requests, 1000, seed),
    { ...LIMITS, coefficients },
    { closedLoop: { clients, turnaroundSec: new Float64Array(requests).fill(turnaround) } },
  ).requests;
const expectNone = ({ metrics }: Replay, within: number): void => {
  for (const metric of METRIC_NAMES) expect(Math.abs(metrics[metric].mean.error ?? 1)).toBeLessThan(within);
};

describe('a closed loop is found in a log', () => {
  it.each([1, 8, 32])('of %s clients, with what lies between an answer and the next request', (clients) => {
    const found = closedLoopOf(ofClients(clients, 400));
    expect(found?.clients).toBe(clients);
    expect(found?.turnaroundSec).toAgree(0.002, 0, 1e-9);
  });

  it('not in an open one, at any load, nor in a short one, nor where an end is not known', () => {
    for (const perSec of [0.5, 5, 20, 200]) {
      for (const seed of [1, 2, 3]) {
        const { requests } = simulate(drawn(300, perSec, seed), { ...LIMITS, coefficients });
        expect(closedLoopOf(requests)).toBeUndefined();
      }
    }
    const requests = ofClients(8, 100);
    expect(closedLoopOf(ofClients(8, 27))).toBeUndefined();
    expect(closedLoopOf({ ...requests, lastTokenSec: requests.lastTokenSec.with(3, Number.NaN) })).toBeUndefined();
    const { lastTokenSec: _, ...workload } = requests;
    expect(closedLoopOf(workload as RequestTable)).toBeUndefined();
  });

  it('and replayed: completions decide when requests arrive', () => {
    const again = replay(ofClients(8, 300), coefficients, LIMITS);
    expect([again.clients, again.clientsFrom]).toEqual([8, 'log']);
    expectNone(again, 1e-9);
    // On half the speed each client still waits for its answer: TTFT doubles, where open arrivals would pile up.
    const slower = { beta0: 12e-3, beta1: 40e-6, beta2: 240e-6 };
    const known = { ...LIMITS, arrivalsReadAtSteps: false };
    const slow = replay(ofClients(8, 300), slower, known);
    expect(slow.metrics.ttft.mean.error ?? 0).toAgree(1, 0.2);
    const open = replay(ofClients(8, 300), slower, known, { concurrency: 0 });
    expect(open.clients).toBeNull();
    expect(open.metrics.ttft.mean.error ?? 0).toBeGreaterThan(1.25 * (slow.metrics.ttft.mean.error ?? 0));
  });

  it('or told: other clients than the log had', () => {
    const more = replay(ofClients(8, 300), coefficients, LIMITS, { concurrency: 16 });
    expect([more.clients, more.clientsFrom]).toEqual([16, 'given']);
    expect(more.metrics.tpot.mean.error ?? 0).toBeGreaterThan(0.05);
  });
});

describe('engines side by side', () => {
  it.each([2, 4])('%s of them are replayed as they were', (dataParallel) => {
    const engine = { ...LIMITS, dataParallel };
    const { requests } = simulate(drawn(400, 30 * dataParallel), { ...engine, coefficients });
    const again = replay(requests, coefficients, engine);
    expectNone(again, 1e-9);
    // One engine has all of their load.
    expect(replay(requests, coefficients, LIMITS).metrics.ttft.mean.error ?? 0).toBeGreaterThan(0.5);
  });

  it('where the log tells them apart, no router is asked', () => {
    const run = runScenario('kv', { requests: 200, instances: 2 });
    expectNone(replay(run.requests, run.coefficients, { ...LIMITS, maxNumSeqs: 256, dataParallel: 2 }), 1e-9);
  });
});

describe('speculative decoding', () => {
  const accepted = 2.5;
  /** What a log shows where the engine takes fewer steps than it puts out tokens. */
  const speculative = (): RequestTable => {
    const { requests } = simulate(drawn(400, 10), { ...LIMITS, coefficients });
    const decodeSteps = requests.outputTokens.map((tokens) => tokens - 1);
    return { ...requests, decodeSteps, outputTokens: decodeSteps.map((steps) => 1 + Math.round(accepted * steps)) };
  };

  it('steps that the log counts are what a request takes', () => {
    expectNone(replay(speculative(), coefficients, LIMITS), 1e-9);
    const { decodeSteps: _, ...untold } = speculative();
    expect(replay(untold, coefficients, LIMITS).metrics.tpot.mean.error ?? 0).toBeGreaterThan(1);
  });

  it('the context of a decode is that of its tokens, in the mean of its steps', () => {
    const log = speculative();
    const context = (table: RequestTable): number => {
      const { steps } = replay(table, coefficients, LIMITS).simulation;
      return steps.contextTokens.reduce((a, b) => a + b, 0);
    };
    const expected = log.promptTokens.reduce((sum, prompt, i) => {
      const steps = log.decodeSteps?.[i] ?? 0;
      return sum + steps * prompt + (accepted * steps * (steps - 1)) / 2;
    }, 0);
    expect(context(log)).toAgree(expected, 0.02);
  });
});
