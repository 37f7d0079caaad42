import '@stepclock/vitest-matchers';
import { runScenario, type ScenarioName } from '@stepclock/engine-sim';
import { describe, expect, it } from 'vitest';
import { estimateStepClock } from '../src/index.js';
import { values } from './estimate-parts.js';

/** Relative error allowed; noise-free ones are the acceptance of the estimator, which in fact reaches 0.1 % and less. */
const LINEAR: readonly (readonly [ScenarioName, number])[] = [
  ['chunk-64-light', 0.01],
  ['chunk-64-medium', 0.005],
  ['chunk-64-heavy', 0.005],
  ['chunk-512-light', 0.01],
  ['chunk-512-medium', 0.005],
  ['chunk-512-heavy', 0.005],
  ['budget-2048-light', 0.01],
  ['budget-2048-medium', 0.005],
  ['budget-2048-bursty', 0.005],
  ['budget-1024-medium', 0.005],
  ['budget-512-heavy', 0.005],
  ['folded', 0.02],
  ['noisy', 0.03],
];

describe('simulated engines give their coefficients back', () => {
  it.each(LINEAR)('%s', (name, rtol) => {
    const { phases, coefficients } = runScenario(name, { seed: 3, requests: name === 'noisy' ? 1000 : 500 });
    const estimate = estimateStepClock(phases, { model: 'linear' });
    expect(values(estimate.betas)).toAgree(values(coefficients), rtol);
    expect(estimate.warnings).toEqual([]);
    expect(estimate.converged).toBe(true);
  });

  it.each([
    ['kv', 0.01],
    ['kv-light', 0.01],
    ['kv-noisy', 0.08],
  ] as const)('%s, all four', (name, rtol) => {
    const { phases, coefficients } = runScenario(name, { seed: 3 });
    const estimate = estimateStepClock(phases, { model: 'kv' });
    expect(values(estimate.betas)).toAgree(values(coefficients), rtol);
    expect(estimate.warnings).toEqual([]);
  });

  it('preempted requests are found, named and estimated around', () => {
    const { phases, coefficients } = runScenario('preempting', { seed: 2 });
    const estimate = estimateStepClock(phases, { model: 'linear' });
    expect(values(estimate.betas)).toAgree(values(coefficients), 0.05);
    expect(estimate.warnings.map((w) => w.code)).toContain('preemption');
    expect(estimate.clock.stretchedDecodes).toBeGreaterThan(100);
  });

  it('timestamps rounded to a millisecond cost less than half a percent', () => {
    const { phases, coefficients } = runScenario('budget-2048-medium', { seed: 3, roundToSec: 1e-3 });
    expect(values(estimateStepClock(phases, { model: 'linear' }).betas)).toAgree(values(coefficients), 0.005, 1e-9);
  });

  it('twice the coefficients, a chunk and a budget together, several engines', () => {
    const coefficients = { beta0: 12e-3, beta1: 40e-6, beta2: 240e-6 };
    const both = runScenario('budget-512-heavy', { seed: 5, requests: 500, coefficients, engine: { chunkSize: 128 } });
    expect(values(estimateStepClock(both.phases).betas)).toAgree(values(coefficients), 0.005, 1e-9);
    const engines = runScenario('budget-2048-medium', { seed: 5, requests: 600, instances: 3 });
    const estimate = estimateStepClock(engines.phases);
    expect(values(estimate.betas)).toAgree(values(engines.coefficients), 0.005, 1e-9);
    expect(estimate.warnings).toEqual([]);
  });

  it('a window: requests in flight at its edges press, but give no count', () => {
    const { phases, coefficients } = runScenario('kv', { seed: 2 });
    const estimate = estimateStepClock(phases, { model: 'kv', window: [10, 45] });
    expect(values(estimate.betas)).toAgree(values(coefficients), 0.01);
    expect(estimate.diagnostics.n_decodes).toBeLessThan(700);
  });
});

describe('model auto', () => {
  it('a cost of context that is not there comes out as next to nothing, without a word', () => {
    for (const name of ['noisy', 'budget-2048-medium', 'chunk-512-medium'] as const) {
      const run = runScenario(name, { seed: 1 });
      const { betas, warnings } = estimateStepClock(run.phases);
      const seconds = run.steps.contextTokens.reduce((sum, c) => sum + betas.beta3 * c, 0);
      const all = run.steps.durationSec.reduce((sum, s) => sum + s, 0);
      expect(seconds / all).toBeLessThan(0.02);
      if (name !== 'noisy') expect(warnings).toEqual([]);
    }
  });
});

describe('intervals', () => {
  it('are as wide as the errors that repeated runs make', () => {
    const z = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].flatMap((seed) => {
      const { phases, coefficients } = runScenario('noisy', { seed, requests: 500 });
      const { betas, intervals } = estimateStepClock(phases, { model: 'linear' });
      return (['beta0', 'beta1', 'beta2'] as const).map((name) => {
        const [low, high] = intervals?.byLabel[name] ?? [0, 0];
        return (2 * (betas[name] - coefficients[name])) / (high - low);
      });
    });
    const covered = z.filter((v) => Math.abs(v) <= 1).length / z.length;
    const rootMeanSquare = Math.sqrt(z.reduce((sum, v) => sum + v * v, 0) / z.length);
    expect(covered).toBeGreaterThanOrEqual(0.83);
    // An error is about half as large as the half width of a 95 % interval.
    expect(rootMeanSquare).toBeGreaterThan(0.3);
    expect(rootMeanSquare).toBeLessThan(0.8);
  });

  it('of an engine that never stops to prefill are those of one long cluster, not those of doing without it', () => {
    const coefficients = { beta0: 12e-3, beta1: 40e-6, beta2: 240e-6 };
    const { phases } = runScenario('chunk-64-heavy', { seed: 1, coefficients });
    const { intervals, warnings } = estimateStepClock(phases, { model: 'linear' });
    const [low, high] = intervals?.byLabel.beta1 ?? [0, 0];
    expect(low).toBeLessThan(coefficients.beta1);
    expect(high).toBeGreaterThan(coefficients.beta1);
    expect(high - low).toBeLessThan(0.1 * coefficients.beta1);
    expect(warnings).toEqual([]);
  });

  it('a higher level is wider; too short a trace has none, and says so', () => {
    const { phases } = runScenario('noisy', { seed: 1, requests: 300 });
    const width = (ci: number): number => {
      const [low, high] = estimateStepClock(phases, { model: 'linear', ci }).intervals?.byLabel.beta0 ?? [0, 0];
      return high - low;
    };
    expect(width(0.99)).toBeGreaterThan(1.2 * width(0.95));
    const short = estimateStepClock(runScenario('noisy', { seed: 1, requests: 4 }).phases, { model: 'linear' });
    expect(short.intervals).toBeNull();
    expect(short.warnings.map((w) => w.code)).toContain('no-intervals');
  });
});
