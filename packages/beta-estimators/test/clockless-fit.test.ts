import { runScenario } from '@stepclock/engine-sim';
import { seededRandom } from '@stepclock/numerics';
import { DECODE, type PhaseTable } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { estimateStepClock, type StepClockEstimate } from '../src/index.js';

const { phases } = runScenario('budget-2048-medium', { seed: 3, requests: 500 });
const TRUTH = { beta0: 6e-3, beta1: 20e-6, beta2: 120e-6 };
const estimated = (table: PhaseTable): StepClockEstimate => estimateStepClock(table, { maxNumBatchedTokens: 2048 });
const codes = ({ warnings }: StepClockEstimate): readonly string[] => warnings.map(({ code }) => code);

/** With times rounded to so many seconds. */
const rounded = (toSec: number): PhaseTable => {
  const round = (sec: number): number => Math.round(sec / toSec) * toSec;
  const startSec = phases.startSec.map(round);
  return { ...phases, startSec, endSec: phases.endSec.map((sec, i) => Math.max(round(sec), startSec[i] + toSec)) };
};

describe('a regression of the decodes without a clock', () => {
  it('agrees with the clock where that is right, and stays beside it', () => {
    const estimate = estimated(phases);
    expect(Math.abs(estimate.crossCheck?.difference ?? 1)).toBeLessThan(0.01);
    expect(estimate.crossCheck?.betas.beta0).toAgree(TRUTH.beta0, 0.05);
    expect(estimate.isFallback).toBe(false);
    expect(codes(estimate)).toEqual([]);
  });

  it('stands in where counts are not those of the engine: fixed cost and prefill within their intervals, the rest swollen by the wrong counts', () => {
    const chance = seededRandom(1, 'tokenizer');
    const decodeTokens = phases.decodeTokens.map((tokens, i) =>
      phases.kind[i] === DECODE ? Math.max(1, Math.round(tokens * (0.8 + 0.4 * chance()))) : 0,
    );
    const estimate = estimated({ ...phases, decodeTokens });
    expect(estimate.isFallback).toBe(true);
    expect(estimate.verdict.grade).toBe('does not fit');
    expect(codes(estimate)).toContain('no-clock');
    for (const label of ['beta0', 'beta1'] as const) {
      const truth = TRUTH[label];
      const [low, high] = estimate.intervals?.byLabel[label] ?? [0, 0];
      expect([low <= truth, truth <= high]).toEqual([true, true]);
    }
  });

  it('stands in where times are coarser than steps, which is named', () => {
    const estimate = estimated(rounded(0.1));
    expect(estimate.isFallback).toBe(true);
    expect(codes(estimate)).toContain('coarse-times');
    expect(codes(estimate)).not.toContain('several-engines');
    expect(estimate.betas.beta0).toAgree(TRUTH.beta0, 0.05);
    expect(codes(estimated(rounded(1e-3)))).not.toContain('coarse-times');
  });

  it('is not taken for what was asked for', () => {
    const linear = estimateStepClock(rounded(0.1), { maxNumBatchedTokens: 2048, model: 'linear' });
    expect(linear.isFallback).toBe(false);
  });

  it('has the terms of the clock: a model without the context is compared with one without it', () => {
    const kv = runScenario('kv', { seed: 3, requests: 400 }).phases;
    const linear = estimateStepClock(kv, { maxNumBatchedTokens: 2048, model: 'linear' });
    expect(Object.keys(linear.crossCheck?.betas ?? {})).toEqual(['beta0', 'beta1', 'beta2']);
    expect(Math.abs(linear.crossCheck?.difference ?? 1)).toBeLessThan(0.02);
  });
});
