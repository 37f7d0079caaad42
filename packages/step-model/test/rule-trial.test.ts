import '@stepclock/vitest-matchers';
import { runScenario } from '@stepclock/engine-sim';
import type { RequestTable } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { measuredServing, replay } from '../src/index.js';
import { blockRegression } from '../src/serving/block-regression.js';
import { busyStepSec } from '../src/serving/steps-in-flight.js';
import { vllmDefaults } from '../src/serving/vllm-defaults.js';

const LIMITS = { maxNumBatchedTokens: 2048, maxNumSeqs: 256 };
/** Outputs of a few tokens on an engine that is idle most of the time. */
const idle = (engine: { asyncScheduling?: boolean }, seed: number) =>
  runScenario(
    {
      engine: { coefficients: { beta0: 6e-3, beta1: 20e-6, beta2: 120e-6 }, ...LIMITS },
      arrivals: { kind: 'poisson', perSec: 2 },
      prompt: { kind: 'lognormal', mean: 300, sigma: 0.5 },
      output: { kind: 'lognormal', mean: 4, sigma: 0.3 },
      view: {},
    },
    { seed, requests: 300, engine },
  );

describe('rules by trial', () => {
  it.each([true, false])('asynchronous scheduling %s is found by the log of a busy engine', (asyncScheduling) => {
    for (const seed of [1, 2, 3, 4]) {
      const { requests, coefficients } = runScenario('kv-noisy', { seed, requests: 300, engine: { asyncScheduling } });
      const { rules, from } = measuredServing(requests, coefficients, LIMITS);
      expect(rules).toMatchObject({ asyncScheduling, arrivalsReadAtSteps: false });
      expect(from.asyncScheduling).toBe('log');
    }
  });

  it.each([true, false])('coefficients 2 %% off find no other rule; asynchronous %s', (asyncScheduling) => {
    const { requests, coefficients } = runScenario('kv', { seed: 7, requests: 400, engine: { asyncScheduling } });
    const betas = Object.fromEntries(Object.entries(coefficients).map(([label, value]) => [label, 1.02 * value]));
    expect(measuredServing(requests, betas, LIMITS).rules.asyncScheduling).toBe(asyncScheduling);
  });

  it('an idle engine is no evidence: the default stands, that of its vLLM', () => {
    const { requests, coefficients } = idle({}, 3);
    const bare = { ...requests, firstTokenSec: requests.firstTokenSec.map((sec, i) => sec + (i % 7) * 1e-5) };
    const old = measuredServing(bare, coefficients, LIMITS, { engine: 'vLLM 0.10.2' });
    expect(old.rules).toMatchObject({ asyncScheduling: false });
    const again = replay(requests, coefficients, LIMITS);
    expect(again.settings.arrivalsReadAtSteps).toBe(false);
    expect(again.metrics.ttft.mean.error ?? 1).toAgree(0, 0, 1e-9);
  });

  it('rules that are stated are not in question, and fewer than twenty requests tell none', () => {
    const { requests, coefficients } = runScenario('kv', { seed: 1, requests: 300, engine: { asyncScheduling: true } });
    const stated = measuredServing(requests, coefficients, { ...LIMITS, asyncScheduling: false });
    expect([stated.rules.asyncScheduling, stated.from.asyncScheduling]).toEqual([false, 'given']);
    const few = runScenario('kv', { seed: 1, requests: 19, engine: { asyncScheduling: true } });
    expect(measuredServing(few.requests, few.coefficients, LIMITS).from).toEqual({
      arrivalsReadAtSteps: 'default',
      asyncScheduling: 'default',
      reserveFullPrompt: 'default',
    });
  });

  it.each([true, false])('whole prompts wait for their blocks: %s', (reserveFullPrompt) => {
    const { requests, coefficients } = runScenario('preempting', {
      seed: 6,
      requests: 400,
      engine: { reserveFullPrompt },
    });
    const { rules } = measuredServing(requests, coefficients, { ...LIMITS, kvTokens: 12_000 });
    expect(rules.reserveFullPrompt).toBe(reserveFullPrompt);
  });

  it.each([
    ['vLLM 0.13.9', false],
    ['vLLM 0.14.0', true],
    ['vllm 0.32.0 (CPU backend)', true],
    ['vLLM 1.0', true],
    ['llama.cpp b4748', false],
    [undefined, false],
  ])('the default of %s plans ahead: %s', (engine, ahead) => {
    expect(vllmDefaults(engine).asyncScheduling).toBe(ahead);
  });
});

describe('what a client adds', () => {
  /** The log as its client sees it: everything between client and engine is part of the first token. */
  const seenByClient = (
    seconds: number,
    perToken: number,
    asyncScheduling: boolean,
  ): ReturnType<typeof runScenario> => {
    const run = runScenario('kv-noisy', { seed: 2, requests: 1500, engine: { asyncScheduling } });
    const arrivalSec = run.requests.arrivalSec.map((sec, i) => sec - seconds - perToken * run.requests.promptTokens[i]);
    return { ...run, requests: { ...run.requests, arrivalSec, scheduledSec: arrivalSec } };
  };

  it.each([true, false])('is found to a third of a millisecond, with asynchronous scheduling %s', (asyncScheduling) => {
    const { requests, coefficients } = seenByClient(0.02, 0, asyncScheduling);
    const { rules, overhead } = measuredServing(requests, coefficients, LIMITS);
    expect(rules.asyncScheduling).toBe(asyncScheduling);
    expect(overhead?.seconds ?? 0).toAgree(0.02, 0, 3.5e-4);
    expect(overhead?.secondsPerPromptToken).toBe(0);
    const again = replay(requests, coefficients, { ...LIMITS, ...rules }, overhead && { overhead });
    expect(again.metrics.ttft.mean.error ?? 1).toAgree(0, 0, 0.01);
    expect(again.overheadSec).toAgree(overhead?.seconds ?? 0, 1e-12);
  });

  it('may grow with the prompt', () => {
    const { requests, coefficients } = seenByClient(0.01, 5e-6, false);
    const { seconds = 0, secondsPerPromptToken = 0 } = measuredServing(requests, coefficients, LIMITS).overhead ?? {};
    expect(secondsPerPromptToken).toAgree(5e-6, 0.1);
    const meanPrompt = requests.promptTokens.reduce((sum, tokens) => sum + tokens, 0) / requests.length;
    expect(seconds + secondsPerPromptToken * meanPrompt).toAgree(0.01 + 5e-6 * meanPrompt, 0.05);
  });

  it('is nothing in the log of the engine itself, nor in a folded one of no client', () => {
    const { requests, coefficients } = runScenario('kv-noisy', { seed: 3, requests: 500 });
    expect(measuredServing(requests, coefficients, LIMITS).overhead).toBeUndefined();
    const folded = { ...requests, scheduledSec: requests.arrivalSec };
    expect(measuredServing(folded, coefficients, LIMITS).overhead?.seconds ?? 0).toBeLessThan(5e-4);
  });

  it('tokens that the log does not count are computed, or found in a cache', () => {
    const { requests, coefficients } = runScenario('kv', { seed: 3, requests: 50 });
    const prefilled = (promptOffsetTokens: number) =>
      replay(requests, coefficients, LIMITS, { promptOffsetTokens }).simulation.steps.prefillTokens.reduce(
        (sum, tokens) => sum + tokens,
        0,
      );
    const all = requests.promptTokens.reduce((sum, tokens) => sum + tokens, 0);
    expect(prefilled(0)).toBe(all);
    expect(prefilled(35)).toBe(all + 50 * 35);
    expect(prefilled(-35)).toBe(requests.promptTokens.reduce((sum, tokens) => sum + Math.max(1, tokens - 35), 0));
  });
});

describe('least squares with errors of blocks', () => {
  it('finds a line exactly, with no error', () => {
    const x = Float64Array.from({ length: 100 }, (_, i) => i);
    const fit = blockRegression(
      x.map((v) => 3 + 2 * v),
      [new Float64Array(100).fill(1), x],
    );
    expect(fit?.coefficients[0]).toAgree(3, 1e-9);
    expect(fit?.coefficients[1]).toAgree(2, 1e-12);
    expect(fit?.errors[1]).toBeLessThan(1e-12);
  });

  it('a mean whose blocks are all alike inside is as uncertain as 20 values', () => {
    const values = Float64Array.from({ length: 2000 }, (_, i) => (Math.floor(i / 100) % 2 === 0 ? 1 : -1));
    const fit = blockRegression(values, [new Float64Array(2000).fill(1)]);
    expect(fit?.coefficients[0]).toBe(0);
    // Sd 1 of 20 blocks: 1 / sqrt(19).
    expect(fit?.errors[0]).toAgree(1 / Math.sqrt(19), 1e-12);
  });

  it('columns that go together, zeros, and fewer than forty rows have no answer', () => {
    const x = Float64Array.from({ length: 60 }, (_, i) => i);
    expect(blockRegression(x, [x, new Float64Array(60)])).toBeUndefined();
    expect(blockRegression(x.slice(0, 39), [x.slice(0, 39)])).toBeUndefined();
  });
});

describe('steps in flight', () => {
  it('the mean of the step at an arrival and of those right before it; none on an idle engine', () => {
    const steps = runScenario('kv', { seed: 1, requests: 2 }).steps;
    const of = (arrivals: readonly number[]) =>
      Array.from(
        busyStepSec(
          {
            length: arrivals.length,
            arrivalSec: Float64Array.from(arrivals),
            promptTokens: new Float64Array(arrivals.length),
            outputTokens: new Float64Array(arrivals.length),
          },
          {
            steps: {
              ...steps,
              length: 3,
              startSec: Float64Array.of(0, 10, 30),
              durationSec: Float64Array.of(10, 4, 2),
            },
          },
        ),
      );
    expect(of([0, 5, 12, 20, 30, 31, 33])).toEqual([0, 10, 7, 0, 0, 2, 0]);
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
      rulesFrom: { asyncScheduling: 'log' },
      counted: { ttft: 300, tpot: 300, latency: 300 },
    });
    expect(again.simulation.steps.startSec[0]).toBe(0);
  });

  it('the caller decides first, then the model, then the log', () => {
    const given = replay(requests, coefficients, { ...settings, asyncScheduling: true });
    expect([given.rulesFrom.asyncScheduling, given.settings.asyncScheduling]).toEqual(['given', true]);
    const model = replay(requests, coefficients, settings, { rules: { asyncScheduling: true } });
    expect([model.rulesFrom.asyncScheduling, model.settings.asyncScheduling]).toEqual(['model', true]);
    const off = replay(requests, coefficients, { ...settings, asyncScheduling: false });
    expect([off.rulesFrom.asyncScheduling, off.settings.asyncScheduling]).toEqual(['given', false]);
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
