import '@stepclock/vitest-matchers';
import { runScenario } from '@stepclock/engine-sim';
import { isFault } from '@stepclock/faults';
import { seededRandom, shuffled } from '@stepclock/numerics';
import type { PhaseTable } from '@stepclock/trace-io';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateStepClock, type StepClockModel } from '../src/index.js';
import { values } from './estimate-parts.js';
import { keptRows } from './faulty-trace.js';
import { anyTrace, reordered, retimed } from './random-trace.js';
import { anyWildShape, foundWild, wildTrace } from './wild-trace.js';

const { phases } = runScenario('kv-noisy', { seed: 7, requests: 300 });
const plain = values(estimateStepClock(phases, { model: 'kv' }).betas);

const anyModel = fc.constantFrom('linear' as const, 'kv' as const, 'auto' as const);

const expectFiniteOrRefused = (trace: PhaseTable, model: StepClockModel): void => {
  try {
    const { history, ...estimate } = estimateStepClock(trace, { model });
    // A bend of the batch curve may go either way.
    const mayBe = (b: number, t: number): boolean =>
      Number.isFinite(b) && (b >= 0 || estimate.terms[t]?.sign === 'free');
    expect(history.beta.filter((round) => !round.every(mayBe))).toEqual([]);
    const check = (key: string, value: unknown): unknown => {
      if (typeof value === 'number') expect(Number.isFinite(value), key).toBe(true);
      return value;
    };
    JSON.stringify({ history, estimate }, check);
  } catch (error) {
    if (!isFault(error, 'beta-estimators')) throw error;
  }
};

describe('laws of the step clock', () => {
  it('shifting time changes nothing, even to times since 1970', () => {
    const shifted = retimed(phases, (t) => t + 1.7e9);
    expect(values(estimateStepClock(shifted, { model: 'kv' }).betas)).toAgree(plain, 1e-4);
  });

  it('stretching time by c scales every coefficient by c', () => {
    fc.assert(
      fc.property(fc.constantFrom(1e-6, 0.125, 3, 1000), (c) => {
        const stretched = estimateStepClock(
          retimed(phases, (t) => c * t),
          { model: 'kv' },
        );
        expect(values(stretched.betas).map((b) => b / c)).toAgree(plain, 1e-6);
      }),
      { numRuns: 4 },
    );
  });

  it('the order of the rows does not matter', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
        const order = shuffled(phases.length, seededRandom(seed));
        expect(values(estimateStepClock(reordered(phases, order), { model: 'kv' }).betas)).toAgree(plain, 1e-9);
      }),
      { numRuns: 3 },
    );
  });

  it('an engine that runs beside another changes nothing about it', () => {
    const { phases: two } = runScenario('noisy', { seed: 2, requests: 600, instances: 2 });
    const apart = [0, 1].map((e) =>
      estimateStepClock(
        keptRows(two, (i) => two.instance?.[i] === e),
        { model: 'linear' },
      ),
    );
    const together = estimateStepClock(two, { model: 'linear' });
    const steps = apart.reduce((sum, e) => sum + e.clock.steps, 0);
    expect(together.clock.steps).toAgree(steps, 1e-3);
    expect(together.clock.clusters).toBe(apart.reduce((sum, e) => sum + e.clock.clusters, 0));
  });

  it('a steps column wins over tokens', () => {
    const steps = phases.decodeTokens.map((n, i) => (phases.kind[i] === 1 ? n : Number.NaN));
    const tripled: PhaseTable = { ...phases, steps, decodeTokens: phases.decodeTokens.map((n) => 3 * n) };
    expect(values(estimateStepClock(tripled, { model: 'kv' }).betas)).toAgree(plain, 1e-12);
  });

  it('cached tokens are context, but no work', () => {
    const cached = { ...phases, cachedTokens: phases.prefillTokens.map((p) => Math.floor(p / 4)) };
    const without = values(estimateStepClock(phases, { model: 'linear' }).betas);
    expect(values(estimateStepClock(cached, { model: 'linear' }).betas)).toAgree(without, 1e-12);
    const kv = estimateStepClock(cached, { model: 'kv' });
    expect(kv.betas.beta3).toBeLessThan(plain[3]);
  });

  it('any table of phases gives finite numbers or a typed refusal', () => {
    fc.assert(
      fc.property(anyTrace, anyModel, (trace, model) => expectFiniteOrRefused(trace, model)),
      { numRuns: 40 },
    );
  });

  it('so does what no engine would write: nested, repeated and endless phases, counts and times of any size', () => {
    fc.assert(
      fc.property(anyWildShape, anyModel, (shape, model) => expectFiniteOrRefused(wildTrace(shape), model)),
      { numRuns: 60 },
    );
  });

  it.each(foundWild)('found once: %s', (_, shape) => {
    for (const model of ['linear', 'auto'] as const) expectFiniteOrRefused(wildTrace(shape), model);
  });
});
