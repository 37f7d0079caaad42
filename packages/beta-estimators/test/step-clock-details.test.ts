import '@stepclock/vitest-matchers';
import { runScenario } from '@stepclock/engine-sim';
import { describe, expect, it } from 'vitest';
import { estimateStepClock, stepClockDetails } from '../src/index.js';
import { sum } from './estimate-parts.js';
import { mixedEngines } from './faulty-trace.js';

describe('stepClockDetails', () => {
  const { phases, steps } = runScenario('budget-2048-medium', { requests: 200, seed: 4 });
  const fitted = () => {
    const estimate = estimateStepClock(phases, { model: 'linear' });
    return { estimate, ...stepClockDetails(phases, estimate.options) };
  };

  it('conserves steps and tokens', () => {
    const { segments } = fitted();
    expect(sum(segments.steps)).toAgree(steps.length, 1e-3);
    expect(sum(segments.prefillTokens)).toAgree(sum(phases.prefillTokens), 1e-9);
  });

  it('predicts phases, segments and clusters of a clean trace', () => {
    const { segments, phases: seen, clusters } = fitted();
    expect(seen.row).toHaveLength(phases.length);
    expect(sum(segments.predictedSec)).toAgree(
      sum(segments.durationSec.filter((_, j) => (segments.steps[j] ?? 0) > 0)),
      1e-3,
    );
    expect(sum(clusters.predictedSec)).toAgree(sum(clusters.observedSec), 1e-3);
    expect(sum(seen.predictedSec)).toAgree(sum(seen.observedSec), 5e-3);
  });

  it('gives every phase its means per step', () => {
    const { phases: seen } = fitted();
    for (let i = 0; i < seen.row.length; i++) {
      expect(seen.meanDecodes[i]).toBeGreaterThanOrEqual(0);
      expect(seen.meanPrefillTokens[i]).toBeLessThanOrEqual(2048 * 1.5);
    }
  });

  it('of phases that the clock gave no steps has means of nothing', () => {
    const mixed = mixedEngines(3, 100);
    const { phases: seen } = stepClockDetails(mixed, estimateStepClock(mixed, { model: 'linear' }).options);
    expect([...seen.meanDecodes, ...seen.meanPrefillTokens].every(Number.isFinite)).toBe(true);
    expect(seen.meanPrefillTokens.some((tokens) => tokens === 0)).toBe(true);
  });

  it('are the same whether the fit was kept or is made again', () => {
    const { estimate, ...details } = fitted();
    expect(stepClockDetails(phases, { ...estimate.options })).toEqual(details);
  });
});
