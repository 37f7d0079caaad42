import { drawWorkload, type Lengths, simulate } from '@stepclock/engine-sim';
import { seededRandom } from '@stepclock/numerics';
import { type PhaseTable, phasesOfRequests } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { estimateStepClock, type StepClockEstimate } from '../src/index.js';

const COEFFICIENTS = { beta0: 9.5e-3, beta1: 42e-6, beta2: 75e-6, beta3: 110e-9 };
const workload = drawWorkload({
  requests: 400,
  arrivals: { kind: 'poisson', perSec: 4 },
  prompt: { kind: 'lognormal', mean: 900, sigma: 0.6, atLeast: 530 },
  output: { kind: 'lognormal', mean: 150, sigma: 0.7 },
  seed: 3,
});

/** The log of an engine that computes other prompts than the log counts. */
const served = (more: number, cached: (prompt: number, request: number) => number = () => 0): PhaseTable => {
  const { requests } = simulate(
    {
      ...workload,
      promptTokens: workload.promptTokens.map((prompt) => prompt + more),
      cachedTokens: workload.promptTokens.map(cached),
    },
    { coefficients: COEFFICIENTS, maxNumBatchedTokens: 2048, maxNumSeqs: 256, stepNoise: 0.02 },
  );
  const { cachedTokens: _, ...told } = requests;
  return phasesOfRequests({ ...told, promptTokens: workload.promptTokens });
};
const estimated = (phases: PhaseTable, promptOffset: number | 'auto' = 'auto'): StepClockEstimate =>
  estimateStepClock(phases, { maxNumBatchedTokens: 2048, promptOffset });
const codes = ({ warnings }: StepClockEstimate): readonly string[] => warnings.map(({ code }) => code);

describe('tokens of prompts that the log does not know', () => {
  it('none: nothing is corrected', () => {
    const estimate = estimated(served(0));
    expect(estimate.promptOffsetTokens).toBeUndefined();
    expect(codes(estimate)).toEqual([]);
  });

  it.each([
    ['a template', 300, 0],
    ['a cached system prompt', 0, 512],
  ])('%s: found, and beta1 is per token really computed', (_, more, cached) => {
    const estimate = estimated(served(more, () => cached));
    expect(estimate.promptOffsetTokens).toAgree(more - cached, 0.05);
    expect(estimate.betas.beta1).toAgree(COEFFICIENTS.beta1, 0.02);
    expect(codes(estimate)).toContain('prompt-offset');
    // An estimate's options give the same again.
    expect(estimate.options.promptOffset).toBe(estimate.promptOffsetTokens);
  });

  it.each([1, 2, 3])('a small fixed cost of prefill on an unsteady engine is no template, seed %i', (seed) => {
    const lengths = { kind: 'lognormal', mean: 250, sigma: 1, atLeast: 4 } as const;
    const drawn = drawWorkload({
      ...{ requests: 230, arrivals: { kind: 'poisson', perSec: 6 }, seed },
      ...{ prompt: lengths, output: { kind: 'lognormal', mean: 200, sigma: 0.7 } },
    });
    const { requests } = simulate(drawn, {
      stepSeconds: ({ prefillTokens, decodeSeqs, contextTokens }) =>
        18e-3 + 120e-6 * prefillTokens + 200e-6 * decodeSeqs + 100e-9 * contextTokens + (prefillTokens > 0 ? 3e-3 : 0),
      ...{ maxNumBatchedTokens: 2048, maxNumSeqs: 256, stepNoise: 0.06, seed },
    });
    const estimate = estimateStepClock(phasesOfRequests(requests));
    expect(codes(estimate)).not.toContain('prompt-offset');
    // The fixed cost of 3 ms, unknown, is spread over the tokens.
    expect(estimate.betas.beta1).toAgree(120e-6, 0.06);
  });

  it('is forced, or refused, without a word of a finding', () => {
    const phases = served(0, () => 512);
    const forced = estimated(phases, -512);
    expect(forced.betas.beta1).toAgree(COEFFICIENTS.beta1, 0.02);
    expect(codes(forced)).not.toContain('prompt-offset');
    const refused = estimated(phases, 0);
    expect(refused.promptOffsetTokens).toBeUndefined();
    expect(refused.betas.beta1).not.toAgree(COEFFICIENTS.beta1, 0.02);
  });

  it.each([1, 1.5])('a fixed cost of a step with prefill as large as %s steps is none of them', (share) => {
    const fixed = share * COEFFICIENTS.beta0;
    const load = drawWorkload({
      requests: 400,
      arrivals: { kind: 'poisson', perSec: 4 },
      prompt: { kind: 'lognormal', mean: 600, sigma: 0.6 },
      output: { kind: 'lognormal', mean: 150, sigma: 0.6 },
      seed: 3,
    });
    const { requests } = simulate(load, {
      stepSeconds: ({ prefillTokens, decodeSeqs, contextTokens }) =>
        COEFFICIENTS.beta0 +
        COEFFICIENTS.beta1 * prefillTokens +
        COEFFICIENTS.beta2 * decodeSeqs +
        COEFFICIENTS.beta3 * contextTokens +
        (prefillTokens > 0 ? fixed : 0),
      maxNumBatchedTokens: 2048,
      maxNumSeqs: 256,
    });
    const estimate = estimated(phasesOfRequests(requests));
    expect(codes(estimate)).not.toContain('prompt-offset');
    expect(estimate.betas.beta1).toAgree(COEFFICIENTS.beta1, 0.02);
    expect(estimate.betas.prefill_step).toAgree(fixed, 0.05);
  });

  it('cache hits of half of the requests, each of its own size: two clouds, and the interval of beta1 reaches the upper one', () => {
    const estimate = estimated(served(0, (prompt, request) => (request % 2 === 0 ? 0 : Math.floor(prompt / 2))));
    expect(codes(estimate)).toContain('prompts-in-two-clouds');
    expect(estimate.betas.beta1).toBeLessThan(0.8 * COEFFICIENTS.beta1);
    const [low, high] = estimate.intervals?.byLabel.beta1 ?? [Number.NaN, Number.NaN];
    expect(low).toBeLessThan(estimate.betas.beta1);
    expect(high).toBeGreaterThan(COEFFICIENTS.beta1);
    expect(high).toBeLessThan(1.1 * COEFFICIENTS.beta1);
  });
});

describe('a client that sees requests wait, and tokens come a little late', () => {
  const MOST_STALL_SEC = 0.3;
  const MIXED = { kind: 'lognormal', mean: 600, sigma: 0.8, atLeast: 1, atMost: 8000 } as const;
  const LONG = { kind: 'lognormal', mean: 900, sigma: 0.6, atLeast: 530, atMost: 4000 } as const;
  /** Prompts of `more` tokens beyond those that the log counts; the last tokens of `stalled` of the requests are held up. */
  const clientLog = (seed: number, more: number, stalled: number, prompt: Lengths = MIXED): PhaseTable => {
    const asked = drawWorkload({
      requests: 600,
      arrivals: { kind: 'poisson', perSec: 6 },
      prompt,
      output: { kind: 'lognormal', mean: 150, sigma: 0.7, atLeast: 2, atMost: 2000 },
      seed,
    });
    const { requests } = simulate(
      { ...asked, promptTokens: asked.promptTokens.map((prompt) => prompt + more) },
      { coefficients: COEFFICIENTS, maxNumBatchedTokens: 2048, maxNumSeqs: 256, stepNoise: 0.02 },
      { seed },
    );
    const random = seededRandom(seed, 'client');
    const late = (): number => -0.0005 * Math.log(1 - random());
    const firstTokenSec = requests.firstTokenSec.map((sec) => sec + late());
    return phasesOfRequests({
      ...requests,
      promptTokens: asked.promptTokens,
      scheduledSec: requests.arrivalSec.map((sec) => sec - 0.005),
      firstTokenSec,
      lastTokenSec: requests.lastTokenSec.map((sec, i) =>
        Math.max(sec + late() + (random() < stalled ? MOST_STALL_SEC * random() : 0), firstTokenSec[i]),
      ),
    });
  };
  const seen = (phases: PhaseTable, budget: object = { maxNumBatchedTokens: 2048 }): StepClockEstimate =>
    estimateStepClock(phases, { ...budget, queueInPrefill: 'yes' });

  it.each([1, 2, 3, 7])('a template bends the clock, and is not called late tokens, seed %d', (seed) => {
    const estimate = seen(clientLog(seed, 300, 0));
    expect(estimate.betas.beta1).toAgree(COEFFICIENTS.beta1, 0.02);
    expect(codes(estimate)).toContain('prompt-offset');
    expect(codes(estimate)).not.toContain('late-tokens');
    expect(codes(estimate)).not.toContain('missing-requests');
  });

  it.each([2, 3, 4])('where nobody tells the budget, the one that lays prompts as seen is found, seed %d', (seed) => {
    const estimate = seen(clientLog(seed, 300, 0, LONG), {});
    expect(estimate.betas.beta1).toAgree(COEFFICIENTS.beta1, 0.02);
    expect(codes(estimate)).toContain('prompt-offset');
    expect(codes(estimate)).not.toContain('late-tokens');
    const { message } = estimate.warnings.find(({ code }) => code === 'budget-from-fit') ?? {};
    expect(message).toMatch(/^the log tells no token budget; at 2048 tokens a step /);
  });

  it('late tokens are no budget', () => {
    expect(codes(seen(clientLog(1, 0, 0.05), {}))).not.toContain('budget-from-fit');
  });

  it('late tokens keep their name', () => {
    const estimate = seen(clientLog(1, 0, 0.05));
    expect(estimate.betas.beta1).toAgree(COEFFICIENTS.beta1, 0.03);
    expect(codes(estimate)).toContain('late-tokens');
    expect(codes(estimate)).not.toContain('prompt-offset');
  });
});
