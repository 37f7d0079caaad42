import { runScenario } from '@stepclock/engine-sim';
import { type Fault, isFault } from '@stepclock/faults';
import type { PhaseTable } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { estimateStepClock } from '../src/index.js';
import { constantWorkload, keptRows, miscounted, mixedEngines, shortOutputs, withMissing } from './faulty-trace.js';

const codes = (phases: PhaseTable): string[] =>
  estimateStepClock(phases, { model: 'linear' }).warnings.map((w) => w.code);
const SEEDS = [1, 2];

describe('what is wrong with a trace is named', () => {
  it.each(SEEDS)('counts off by one, seed %d', (seed) => {
    const { phases } = runScenario(shortOutputs, { seed, requests: 400 });
    expect(codes(phases)).toEqual([]);
    expect(codes(miscounted(phases, 1))).toContain('counts-off-by-one');
    expect(codes(miscounted(phases, -1))).toContain('counts-off-by-one');
  });

  it('says which way the counts are off', () => {
    const { phases } = runScenario(shortOutputs, { seed: 1, requests: 400 });
    const { warnings, clock } = estimateStepClock(miscounted(phases, 1), { model: 'linear' });
    expect(warnings.find((w) => w.code === 'counts-off-by-one')?.message).toContain(
      'one step less than the trace says',
    );
    expect(clock.conventions?.minusOne).toBeLessThan(0.1 * (clock.conventions?.asGiven ?? 0));
  });

  it.each(SEEDS)('a tenth of the requests missing, seed %d', (seed) => {
    expect(codes(withMissing(runScenario('budget-2048-medium', { seed, requests: 600 }).phases))).toContain(
      'missing-requests',
    );
  });

  it.each(SEEDS)('two engines in one trace, seed %d', (seed) => {
    expect(codes(mixedEngines(seed, 400))).toContain('several-engines');
  });

  it('a constant workload, of which nothing can be learnt', () => {
    const { phases } = runScenario(constantWorkload, { seed: 1, requests: 200 });
    const { warnings, identifiability } = estimateStepClock(phases, { model: 'linear' });
    expect(warnings.map((w) => w.code)).toContain('not-identifiable');
    expect(identifiability.conditionNumber).toBeNull();
  });

  it('no prefill at all', () => {
    const { phases } = runScenario('budget-2048-medium', { seed: 1, requests: 200 });
    const decodes = keptRows(phases, (i) => phases.kind[i] === 1);
    const { warnings, betas, identifiability } = estimateStepClock(decodes);
    expect(warnings.find((w) => w.code === 'not-identifiable')?.message).toContain('beta1: no prefill tokens');
    expect(betas.beta1).toBe(0);
    expect(identifiability.absent).toEqual(['beta1']);
  });
});

describe('refusals', () => {
  const { phases } = runScenario('budget-2048-medium', { seed: 1, requests: 50 });
  const refusal = (run: () => unknown): Fault => {
    try {
      run();
    } catch (error) {
      if (isFault(error)) return error;
      throw error;
    }
    throw new Error('nothing was refused');
  };

  it.each([
    [{ ci: 1 }, 'ci: must be above 0 and below 1; got 1'],
    [{ ci: Number.NaN }, 'ci: must be above 0 and below 1; got NaN'],
    [{ model: 'cubic' as 'kv' }, 'model: must be one of auto, linear, kv; got "cubic"'],
    [{ window: [2, 1] as const }, 'window: must start before it ends; got "2:1"'],
    [{ tol: -1 }, 'tol: must be finite and not negative; got -1'],
    [{ maxOuterIters: 0 }, 'maxOuterIters: must be a positive integer; got 0'],
    [{ maxNumBatchedTokens: 0 }, 'maxNumBatchedTokens: must be positive and finite; got 0'],
  ])('%o', (options, message) => {
    const error = refusal(() => estimateStepClock(phases, options));
    expect(error.code).toBe('beta-estimators/bad-option');
    expect(error.message).toBe(message);
  });

  it('nothing to count with', () => {
    const prefills = keptRows(phases, (i) => phases.kind[i] === 0);
    expect(refusal(() => estimateStepClock(prefills)).code).toBe('beta-estimators/no-decode-counts');
    expect(refusal(() => estimateStepClock(keptRows(phases, () => false))).code).toBe('beta-estimators/no-phases');
    expect(refusal(() => estimateStepClock(phases, { window: [1e6, 2e6] })).code).toBe('beta-estimators/no-phases');
    const one = keptRows(phases, (i) => phases.request[i] === 0);
    expect(refusal(() => estimateStepClock(one)).code).toBe('beta-estimators/too-few-clusters');
  });

  it('contexts that nobody knows', () => {
    const decodes = keptRows(phases, (i) => phases.kind[i] === 1);
    expect(refusal(() => estimateStepClock(decodes, { model: 'kv' })).code).toBe('beta-estimators/no-context');
  });
});

describe('the token budget', () => {
  const { phases } = runScenario('budget-2048-medium', { seed: 1, requests: 400 });
  it('is met by the clock when it is the right one', () => {
    const { warnings, clock } = estimateStepClock(phases, { model: 'linear', maxNumBatchedTokens: 2048 });
    expect(clock.overBudgetClusters).toBe(0);
    expect(warnings).toEqual([]);
  });

  it('is doubted when the steps hold more', () => {
    const { warnings } = estimateStepClock(phases, { model: 'linear', maxNumBatchedTokens: 512 });
    expect(warnings.map((w) => w.code)).toEqual(['over-budget']);
  });
});
