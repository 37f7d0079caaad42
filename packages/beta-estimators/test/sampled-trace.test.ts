import '@stepclock/vitest-matchers';
import { runScenario } from '@stepclock/engine-sim';
import { expect, it } from 'vitest';
import { estimateStepClock } from '../src/index.js';

it('a long trace is fitted from a sample of itself', () => {
  const { phases, coefficients, steps } = runScenario('budget-2048-medium', { seed: 1, requests: 26_000 });
  const progress: number[] = [];
  const estimate = estimateStepClock(phases, { model: 'linear', onProgress: (share) => progress.push(share) });
  const { beta0, beta1, beta2 } = estimate.betas;
  expect([beta0, beta1, beta2]).toAgree([coefficients.beta0, coefficients.beta1, coefficients.beta2], 0.002);
  expect(estimate.clock.steps).toAgree(steps.length, 1e-3);
  expect(progress).toEqual([0.3, 0.5, 0.9, 1]);
  // All decodes are looked at in the end, in two rounds at most, which continue the history.
  expect(estimate.diagnostics.n_decodes).toBe(phases.kind.filter((k) => k === 1).length);
  expect(estimate.history.beta).toHaveLength(estimate.iterations + 1);
  expect(estimate.converged).toBe(true);
  expect(estimate.clock.wholeSteps).toBe(true);
  expect(estimate.warnings).toEqual([]);
  // The sample's rounds come first: they are fitted no more finely than the whole needs.
  const moved = estimate.history.deltaBetaL2.map((delta, m) => delta / Math.hypot(...(estimate.history.beta[m] ?? [])));
  expect(moved.at(-1)).toBeLessThan(1e-3);
  expect(estimate.iterations).toBeLessThanOrEqual(12);
});
