import '@stepclock/vitest-matchers';
import { runScenario, type Scenario, scenarioNames, scenarios } from '@stepclock/engine-sim';
import type { RequestTable } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { METRIC_NAMES, replay, replayJson } from '../src/index.js';

const limitsOf = ({ engine: { coefficients: _, stepNoise: __, ...limits } }: Scenario) => limits;
const FIGURES = ['mean', 'p50', 'p90', 'p95', 'p99'] as const;
const without = (table: RequestTable, ...columns: (keyof RequestTable)[]): RequestTable =>
  Object.fromEntries(Object.entries(table).filter(([name]) => !columns.includes(name as keyof RequestTable))) as never;

describe.each(scenarioNames.filter((name) => !name.includes('nois')))('%s', (name) => {
  it('replays a run of the simulated engine as itself', () => {
    const { requests, coefficients } = runScenario(name, { seed: 5, requests: 200 });
    const again = replay(requests, coefficients, limitsOf(scenarios[name]));
    expect(again.settings.asyncScheduling).toBe(false);
    for (const metric of METRIC_NAMES) {
      for (const figure of FIGURES) expect(again.metrics[metric][figure].error ?? 1).toAgree(0, 0, 1e-9);
    }
  });

  it('tells asynchronous scheduling from the times of the log', () => {
    const engine = { asyncScheduling: true, reserveFullPrompt: true };
    const run = runScenario(name, { seed: 6, requests: 200, engine });
    const again = replay(run.requests, run.coefficients, { ...limitsOf(scenarios[name]), reserveFullPrompt: true });
    // Where the queue is folded into the prefill, 200 requests do not tell a step in flight from a client's overhead.
    expect(again.rulesFrom.asyncScheduling).toBe(name === 'folded' ? 'default' : 'log');
    expect(again.settings.asyncScheduling).toBe(name !== 'folded');
  });
});

describe.each([true, false])(
  'a log whose arrivals were written between two steps; asynchronous scheduling: %s',
  (asyncScheduling) => {
    const written = () => {
      const run = runScenario('kv', { seed: 1, requests: 300, engine: { asyncScheduling } });
      const { startSec, durationSec } = run.steps;
      const endSec = startSec.map((start, i) => start + (durationSec[i] ?? 0));
      /** As vLLM's loop writes it: the end of the step that was running, or the time itself when none was. */
      const arrivalSec = (run.requests.arrivalSec ?? new Float64Array()).map((sec) => {
        const running = endSec.findIndex((end) => end >= sec);
        return (startSec[running] ?? sec) >= sec ? sec : (endSec[running] ?? sec);
      });
      const scheduledSec = run.requests.scheduledSec.map((sec, i) => Math.max(sec, arrivalSec[i] ?? 0) + 1e-5);
      return { log: { ...run.requests, arrivalSec, scheduledSec }, coefficients: run.coefficients };
    };

    it.each([-0.003, 0.003])('coefficients off by %d do not shift TTFT by waits for a boundary', (off) => {
      const { log, coefficients } = written();
      const { beta0, beta1, beta2, beta3 = 0 } = coefficients;
      const betas = { beta0: beta0 * (1 + off), beta1: beta1 * (1 - off), beta2, beta3 };
      const again = replay(log, betas, { maxNumBatchedTokens: 2048 });
      expect(again.settings.asyncScheduling).toBe(asyncScheduling);
      // A request waits half a step too long otherwise: 10 to 15 % here.
      expect(Math.abs(again.metrics.ttft.mean.error ?? 1)).toBeLessThan(0.005);
      expect(Math.abs(again.metrics.latency.mean.error ?? 1)).toBeLessThan(0.005);
    });
  },
);

describe('replay', () => {
  const { requests, coefficients } = runScenario('budget-2048-medium', { seed: 5, requests: 200 });
  const settings = { maxNumBatchedTokens: 2048 };

  it('shows an engine half as fast as slower, by about as much', () => {
    const slow = { beta0: 0.012, beta1: 40e-6, beta2: 240e-6 };
    const { tpot, latency } = replay(requests, slow, settings).metrics;
    expect(tpot.mean.error).toBeGreaterThan(1);
    expect(latency.p99.error).toBeGreaterThan(0.9);
    expect(latency.mean.replayed).toBeGreaterThan(latency.mean.measured ?? Infinity);
  });

  it('does not depend on where the clock starts', () => {
    const epoch = 1_787_267_980;
    const later = {
      ...requests,
      arrivalSec: (requests.arrivalSec ?? new Float64Array()).map((t) => t + epoch),
      scheduledSec: requests.scheduledSec.map((t) => t + epoch),
      firstTokenSec: requests.firstTokenSec.map((t) => t + epoch),
      lastTokenSec: requests.lastTokenSec.map((t) => t + epoch),
    };
    const here = replay(requests, coefficients, settings).metrics;
    const there = replay(later, coefficients, settings).metrics;
    expect(there.latency.mean.replayed ?? 0).toAgree(here.latency.mean.replayed ?? 1, 1e-6);
  });

  it('can count the later requests alone', () => {
    const from = requests.arrivalSec?.[150] ?? 0;
    const part = replay(requests, coefficients, settings, { countFromSec: from });
    expect(part.requests).toBe(200);
    expect(part.counted.ttft).toBe(50);
    expect(part.metrics.ttft.mean.error ?? 1).toAgree(0, 0, 1e-9);
  });

  it('takes a workload without latencies: the replayed side stands alone', () => {
    const bare = without(requests, 'scheduledSec', 'firstTokenSec', 'lastTokenSec');
    const { metrics, counted, rulesFrom } = replay(bare, coefficients, settings);
    expect(rulesFrom.asyncScheduling).toBe('default');
    expect(counted.latency).toBe(200);
    expect(metrics.latency.mean).toEqual({ measured: null, replayed: expect.any(Number), error: null });
  });

  it('leaves out of a metric what the log does not have of a request, and TPOT of single tokens', () => {
    const lastTokenSec = requests.lastTokenSec.with(3, Number.NaN);
    const outputTokens = requests.outputTokens.with(4, 1);
    const { counted } = replay({ ...requests, lastTokenSec, outputTokens }, coefficients, settings);
    expect(counted).toEqual({ ttft: 200, tpot: 198, latency: 199 });
  });

  it('as JSON: the schema, snake_case, no NaN', () => {
    const json = JSON.parse(JSON.stringify(replayJson(replay(requests, coefficients, settings))));
    expect(json).toMatchObject({
      schema: 'stepclock/replay@1',
      requests: 200,
      settings: { max_num_batched_tokens: 2048, async_scheduling: false },
      rules_from: { async_scheduling: 'log' },
      preempted_requests: 0,
      counted: { ttft: 200, tpot: 200, latency: 200 },
    });
    expect(Object.keys(json.metrics)).toEqual(['ttft', 'tpot', 'latency']);
    expect(Object.keys(json.metrics.ttft)).toEqual(FIGURES);
    expect(json.metrics.ttft.p99).toEqual({
      measured: expect.any(Number),
      replayed: expect.any(Number),
      error: expect.any(Number),
    });
    expect(json).not.toHaveProperty('simulation');
  });

  it('refuses a log without arrivals, or without rows', () => {
    expect(() => replay(without(requests, 'arrivalSec'), coefficients)).toThrow(
      'requests: must tell when each request arrived, or there is nothing to replay; got "no arrival times"',
    );
    expect(() => replay({ ...requests, length: 0 }, coefficients)).toThrow('requests: must have a row; got 0');
    expect(() => replay(requests, coefficients, { kvTokens: 64 })).toThrow(/must fit into the KV cache of 4 blocks/);
  });
});
