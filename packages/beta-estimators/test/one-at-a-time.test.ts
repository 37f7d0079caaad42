import { drawWorkload, simulate } from '@stepclock/engine-sim';
import { phasesOfRequests } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { estimateStepClock } from '../src/index.js';

const TRUE = { beta0: 9.5e-3, beta1: 42e-6, beta2: 75e-6, beta3: 110e-9 };

/** One request after another, back to back where they queue: no decode ties the steps of a prompt to anything. */
const onePlace = (seed: number) =>
  phasesOfRequests(
    simulate(
      drawWorkload({
        requests: 300,
        arrivals: { kind: 'poisson', perSec: 0.4 },
        prompt: { kind: 'lognormal', mean: 700, sigma: 0.7, atMost: 6000 },
        output: { kind: 'lognormal', mean: 150, sigma: 0.7, atMost: 1500 },
        seed,
      }),
      { maxNumBatchedTokens: 2048, maxNumSeqs: 1, stepNoise: 0.02, coefficients: TRUE },
      { seed },
    ).requests,
  );

describe('an engine of one place', () => {
  it.each([1, 2, 3, 4])('tells its fixed cost and its prompts where the budget counts their steps, seed %i', (seed) => {
    const { betas, intervals, warnings } = estimateStepClock(onePlace(seed), { maxNumBatchedTokens: 2048 });
    for (const label of ['beta0', 'beta1'] as const) {
      expect(betas[label]).toAgree(TRUE[label], 0.02);
      const [low, high] = intervals?.byLabel[label] ?? [0, 0];
      expect(low).toBeLessThan(TRUE[label]);
      expect(high).toBeGreaterThan(TRUE[label]);
    }
    expect(warnings.map(({ code }) => code)).not.toContain('prompt-offset');
  });

  it('without a budget tells the sum alone, and says why beta1 is not known', () => {
    const { betas, intervals, warnings } = estimateStepClock(onePlace(1));
    expect(intervals).toBeNull();
    expect(betas.beta0 + betas.beta2).toAgree(TRUE.beta0 + TRUE.beta2, 0.005);
    const said = Object.fromEntries(warnings.map(({ code, message }) => [`${code} ${message.slice(0, 5)}`, message]));
    expect(said['not-identifiable beta1']).toMatch(/^beta1: prompts are computed alone in this trace/);
    expect(said['no-intervals only ']).toMatch(
      /^only sums are determined: a step with its 1\.0 decodes \(beta0 \+ 1\.0 beta2\) takes 0\.0095\d+ s, 0\.009\d+ to 0\.009\d+ s/,
    );
  });
});
