import '@stepclock/vitest-matchers';
import { runScenario } from '@stepclock/engine-sim';
import type { RequestTable } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { replay } from '../src/index.js';
import { arrivalsReadAtSteps, detectSchedulerRules } from '../src/replay/scheduler-evidence.js';

/** A log of requests by their waits for the scheduler; each then prefills for a second. */
const logOf = (waits: readonly number[], prefillSec = 1): RequestTable => {
  const arrivalSec = Float64Array.from(waits, (_, i) => 10 * i);
  const scheduledSec = arrivalSec.map((sec, i) => sec + waits[i]);
  return {
    length: waits.length,
    requestIds: { length: waits.length, at: String },
    promptTokens: new Float64Array(waits.length).fill(100),
    outputTokens: new Float64Array(waits.length).fill(2),
    arrivalSec,
    scheduledSec,
    firstTokenSec: scheduledSec.map((sec) => sec + prefillSec),
    lastTokenSec: scheduledSec.map((sec) => sec + prefillSec + 1),
  };
};
const times = (n: number, wait: number): number[] => Array.from({ length: n }, () => wait);

describe('arrivals written down between two steps', () => {
  // beta0 is a second: waits from 0.05 s on are waits, from 1 s on they are more than one step.
  it.each<[string, number[], boolean]>([
    ['most of those within a step did not wait at all', [...times(11, 0.04), ...times(9, 0.5)], true],
    ['half of them did not: that is not most', [...times(10, 0.04), ...times(10, 0.5)], false],
    ['a wait of a twentieth of a step is one', times(20, 0.05), false],
    ['fewer than twenty within a step say nothing', [...times(19, 0.01), ...times(30, 1)], false],
    ['twenty of them do, however long others queued', [...times(20, 0.01), ...times(300, 1)], true],
    ['nobody waited at all: the queue is folded into the prefill', times(40, 0), false],
    ['one who waited shows that it is not', [...times(39, 0), 0.5], true],
  ])('%s', (_, waits, answer) => {
    expect(arrivalsReadAtSteps(logOf(waits), 1)).toBe(answer);
  });

  it('nothing can be told where a column is missing, or prefills took no time', () => {
    const log = logOf(times(40, 0.01));
    expect(arrivalsReadAtSteps(log, 1)).toBe(true);
    for (const column of ['arrivalSec', 'scheduledSec', 'firstTokenSec'] as const) {
      const { [column]: __, ...rest } = log;
      expect(arrivalsReadAtSteps(rest as RequestTable, 1)).toBe(false);
    }
    expect(arrivalsReadAtSteps(logOf(times(40, 0.01), 0), 1)).toBe(false);
    expect(arrivalsReadAtSteps(logOf(times(40, 0.01), Number.NaN), 1)).toBe(false);
  });
});

describe('the rules of the scheduler', () => {
  const seed = 6;
  const run = (engine: { asyncScheduling?: boolean; reserveFullPrompt?: boolean }) =>
    runScenario('preempting', { seed, requests: 200, engine });
  const settings = { maxNumBatchedTokens: 2048, kvTokens: 12_000, maxNumSeqs: 256 };

  it.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])('are found from the times of a log: planned ahead %s, whole prompts %s', (asyncScheduling, reserveFullPrompt) => {
    const { requests, coefficients } = run({ asyncScheduling, reserveFullPrompt });
    const workload = {
      length: requests.length,
      arrivalSec: requests.arrivalSec,
      promptTokens: requests.promptTokens,
      outputTokens: requests.outputTokens,
    };
    const known = { ...settings, coefficients };
    expect(detectSchedulerRules(requests, workload, known)).toEqual({ asyncScheduling, reserveFullPrompt });
    // What is stated is not in question, right or wrong; step noise would only blur the comparison.
    expect(
      detectSchedulerRules(requests, workload, { ...known, asyncScheduling: !asyncScheduling, stepNoise: 0.9 }),
    ).toMatchObject({ asyncScheduling: !asyncScheduling });
    expect(detectSchedulerRules(requests, workload, { ...known, reserveFullPrompt: !reserveFullPrompt })).toMatchObject(
      { reserveFullPrompt: !reserveFullPrompt },
    );
    // Without a limit of the cache no prompt ever waits for its blocks.
    const { kvTokens: _, ...unlimited } = known;
    expect(detectSchedulerRules(requests, workload, unlimited)?.reserveFullPrompt).toBe(false);
  });

  it('cannot be found from fewer than twenty requests, nor from a folded log', () => {
    const workload = (n: number) => ({
      length: n,
      arrivalSec: Float64Array.from({ length: n }, (_, i) => 10 * i),
      promptTokens: new Float64Array(n).fill(100),
      outputTokens: new Float64Array(n).fill(2),
    });
    const engine = { coefficients: { beta0: 1, beta1: 0, beta2: 0 } };
    expect(detectSchedulerRules(logOf(times(20, 0.1)), workload(20), engine)).toBeDefined();
    expect(detectSchedulerRules(logOf(times(19, 0.1)), workload(19), engine)).toBeUndefined();
    expect(detectSchedulerRules(logOf(times(20, 0)), workload(20), engine)).toBeUndefined();
  });
});

describe('what a replay says of itself', () => {
  const { requests, coefficients, truth, steps } = runScenario('preempting', { seed: 5, requests: 300 });
  const settings = { maxNumBatchedTokens: 2048, kvTokens: 12_000 };

  it('steps, preemptions, requests preempted, tokens computed again: those of the run', () => {
    const again = replay(requests, coefficients, settings);
    const sum = (column: ArrayLike<number>) => Array.from(column).reduce((a, b) => a + b, 0);
    expect(sum(truth.preemptions)).toBeGreaterThan(truth.preemptions.filter((n) => n > 0).length);
    expect(again).toMatchObject({
      requests: 300,
      steps: steps.length,
      preemptions: sum(truth.preemptions),
      preemptedRequests: truth.preemptions.filter((n) => n > 0).length,
      recomputedTokens: sum(truth.recomputedTokens),
      settings: { ...settings, asyncScheduling: false },
      schedulingFrom: 'log',
      counted: { ttft: 300, tpot: 300, latency: 300 },
    });
    expect(again.simulation.steps.startSec[0]).toBe(0);
  });

  it('the caller decides first, then the log', () => {
    const given = replay(requests, coefficients, { ...settings, asyncScheduling: true });
    expect([given.schedulingFrom, given.settings.asyncScheduling]).toEqual(['given', true]);
    const off = replay(requests, coefficients, { ...settings, asyncScheduling: false });
    expect([off.schedulingFrom, off.settings.asyncScheduling]).toEqual(['given', false]);
  });

  it('the seed is that of the step noise; without noise it does nothing', () => {
    const latency = (stepNoise: number, seed?: number) =>
      replay(
        requests,
        coefficients,
        { ...settings, stepNoise, asyncScheduling: false },
        seed === undefined ? {} : { seed },
      ).metrics.latency.mean.replayed;
    expect(latency(0.1, 1)).not.toBe(latency(0.1, 2));
    expect(latency(0.1)).toBe(latency(0.1, 0));
    expect(latency(0, 1)).toBe(latency(0, 2));
  });

  it('cached tokens are no work, unknown ones are none; engines stay apart', () => {
    const few = runScenario('budget-2048-light', { seed: 5, requests: 40, instances: 2 });
    const cachedTokens = few.requests.promptTokens.map((tokens, i) => (i % 2 === 0 ? tokens - 1 : Number.NaN));
    const prefilled = (table: RequestTable) =>
      replay(table, few.coefficients, { maxNumBatchedTokens: 2048 }).simulation.steps.prefillTokens.reduce(
        (sum, tokens) => sum + tokens,
        0,
      );
    const prompts = few.requests.promptTokens;
    expect(prefilled(few.requests)).toBe(prompts.reduce((sum, tokens) => sum + tokens, 0));
    expect(prefilled({ ...few.requests, cachedTokens })).toBe(
      prompts.reduce((sum, tokens, i) => sum + (i % 2 === 0 ? 1 : tokens), 0),
    );
    expect(replay(few.requests, few.coefficients).simulation.requests.instance).toEqual(few.requests.instance);
  });

  it('refusals have their codes', () => {
    const { arrivalSec: _, ...timeless } = requests;
    expect(() => replay(timeless as RequestTable, coefficients)).toThrow(
      expect.objectContaining({ code: 'step-model/no-arrivals', value: 'no arrival times' }),
    );
    expect(() => replay({ ...requests, length: 0 }, coefficients)).toThrow(
      expect.objectContaining({ code: 'step-model/no-requests', value: 0 }),
    );
  });
});
