import { drawWorkload, simulate } from '@stepclock/engine-sim';
import { phasesOfRequests } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { estimateStepClock, stepClockDetails } from '../src/index.js';

const TRUE = { beta0: 9.5e-3, beta1: 42e-6, beta2: 75e-6, beta3: 110e-9 };
const LABELS = ['beta0', 'beta1', 'beta2', 'beta3'] as const;
const BUDGET = 2048;

const run = (prefillFirst: boolean, stepNoise: number, seed = 1) => {
  const { requests, steps } = simulate(
    drawWorkload({
      requests: 400,
      arrivals: { kind: 'poisson', perSec: 4 },
      prompt: { kind: 'lognormal', mean: 700, sigma: 0.7, atMost: 6000 },
      output: { kind: 'lognormal', mean: 150, sigma: 0.7, atMost: 1500 },
      seed,
    }),
    { maxNumBatchedTokens: BUDGET, prefillFirst, stepNoise, coefficients: TRUE },
    { seed },
  );
  return { phases: phasesOfRequests(requests), steps: steps.length };
};
const phasesOf = (...given: Parameters<typeof run>) => run(...given).phases;

describe('an engine that prefills first', () => {
  it('is found, and its steps are counted exactly', () => {
    const { betas, policy, clock, warnings } = estimateStepClock(phasesOf(true, 0), { maxNumBatchedTokens: BUDGET });
    expect(policy).toBe('prefill-first');
    expect(warnings.find(({ code }) => code === 'prefill-first')?.message).toMatch(
      /^decodes wait while prompts are computed: 0 first tokens came out of a step that ended another request, \d\d were expected/,
    );
    for (const label of LABELS) expect(betas[label]).toAgree(TRUE[label], 1e-9);
    expect(clock.relativeResidual).toBeLessThan(1e-9);
  });

  it('and every step, and the time of every segment, is told', () => {
    const { phases, steps } = run(true, 0);
    const { clock, options, identifiability } = estimateStepClock(phases, { maxNumBatchedTokens: BUDGET });
    expect(clock.steps).toAgree(steps, 1e-9);
    const { segments } = stepClockDetails(phases, options);
    const longest = segments.durationSec.reduce((a, sec) => Math.max(a, sec), 0);
    segments.durationSec.forEach((sec, j) => {
      if (segments.activeDecodes[j] > 0) expect(segments.predictedSec[j]).toAgree(sec, 1e-6, 1e-9 * longest);
    });
    expect(identifiability.compositions.prefillTokens[1]).toBeLessThanOrEqual(BUDGET);
  });

  it.each([1, 2, 3])('has no offset of prompts under noise, seed %i', (seed) => {
    const { betas, intervals, warnings } = estimateStepClock(phasesOf(true, 0.02, seed), {
      maxNumBatchedTokens: BUDGET,
    });
    expect(betas.beta0).toAgree(TRUE.beta0, 0.005);
    expect(betas.beta1).toAgree(TRUE.beta1, 0.01);
    for (const label of LABELS) {
      const [low, high] = intervals?.byLabel[label] ?? [0, 0];
      expect(low).toBeLessThan(TRUE[label]);
      expect(high).toBeGreaterThan(TRUE[label]);
    }
    expect(warnings.map(({ code }) => code)).toEqual(['prefill-first']);
  });

  it('may be denied, and then does not fit as well', () => {
    const phases = phasesOf(true, 0.02);
    const found = estimateStepClock(phases, { maxNumBatchedTokens: BUDGET });
    const denied = estimateStepClock(phases, { maxNumBatchedTokens: BUDGET, policy: 'mixed' });
    expect(denied.policy).toBeUndefined();
    expect(denied.clock.relativeResidual).toBeGreaterThan(1.3 * found.clock.relativeResidual);
  });

  it('is not seen in an engine that prefills beside decodes', () => {
    const { policy, betas } = estimateStepClock(phasesOf(false, 0), { maxNumBatchedTokens: BUDGET });
    expect(policy).toBeUndefined();
    for (const label of LABELS) expect(betas[label]).toAgree(TRUE[label], 1e-9);
  });

  it('is a bad option where it is misspelt', () => {
    const misspelt = 'prefill first' as 'prefill-first';
    expect(() => estimateStepClock(phasesOf(false, 0), { policy: misspelt })).toThrow(
      'policy: must be one of auto, mixed, prefill-first; got "prefill first"',
    );
  });
});
