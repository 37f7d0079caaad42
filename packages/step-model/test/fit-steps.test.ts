import '@stepclock/vitest-matchers';
import { runScenario } from '@stepclock/engine-sim';
import { describe, expect, it } from 'vitest';
import { betasFileOf, compareWithSteps, fitSteps, parseBetasFile, type StepColumns } from '../src/index.js';

const steps = (
  rows: readonly (readonly [sec: number, prefill: number, decode: number, context?: number])[],
): StepColumns => ({
  length: rows.length,
  durationSec: Float64Array.from(rows, (r) => r[0]),
  prefillTokens: Float64Array.from(rows, (r) => r[1]),
  decodeTokens: Float64Array.from(rows, (r) => r[2]),
  ...(rows[0]?.[3] !== undefined && { contextTokens: Float64Array.from(rows, (r) => r[3] ?? 0) }),
});

describe('fitSteps', () => {
  it.each(['chunk-64-medium', 'budget-2048-light', 'kv', 'preempting'] as const)(
    'recovers the coefficients of a noise-free step log: %s',
    (name) => {
      const run = runScenario(name, { requests: 200, seed: 3 });
      const model = run.coefficients.beta3 === undefined ? 'linear' : 'kv';
      const { betas, diagnostics, warnings } = fitSteps(run.steps, { model });
      expect([betas.beta0, betas.beta1, betas.beta2, betas.beta3 ?? 0]).toAgree(
        [run.coefficients.beta0, run.coefficients.beta1, run.coefficients.beta2, run.coefficients.beta3 ?? 0],
        1e-9,
      );
      expect(diagnostics.nSteps).toBe(run.steps.length);
      expect(diagnostics.r2 ?? 0).toAgree(1, 1e-9);
      expect(warnings).toEqual([]);
    },
  );

  it('finds the scatter of noisy steps, and intervals that hold the truth in about 95 % of runs', () => {
    let held = 0;
    let all = 0;
    for (let seed = 0; seed < 60; seed++) {
      const { steps: log, coefficients } = runScenario('kv-noisy', { requests: 60, seed });
      const { intervals, diagnostics } = fitSteps(log);
      expect(diagnostics.relativeRmse).toAgree(0.05, 0.1);
      for (const name of ['beta0', 'beta1', 'beta2', 'beta3'] as const) {
        const [low, high] = intervals?.[name] ?? [1, 0];
        const truth = coefficients[name] ?? 0;
        all++;
        if (truth >= low && truth <= high) held++;
      }
    }
    // 240 intervals at 95 %: a standard error of 1.4 %, taken three times and rounded up for the correlation within a run.
    expect(Math.abs(held / all - 0.95)).toBeLessThan(0.05);
  });

  it('ranges, model choice, and a betas file that reads back', () => {
    const log = steps([
      [0.02, 100, 0, 0],
      [0.012, 0, 2, 50],
      [0.013, 0, 3, 80],
      [0.031, 150, 1, 90],
      [0.017, 40, 3, 200],
    ]);
    const fit = fitSteps(log);
    expect(fit.model).toBe('kv');
    expect(fitSteps(log, { model: 'linear' }).betas).not.toHaveProperty('beta3');
    expect(fit.identifiability.compositions).toEqual({
      prefillTokens: [0, 150],
      decodeSeqs: [0, 3],
      contextTokens: [0, 200],
    });
    const file = parseBetasFile(JSON.stringify(betasFileOf(fit)), 'betas.json');
    expect(file.algo).toBe('steps');
    expect(file.identifiability?.compositions?.decode_seqs).toEqual([0, 3]);
    expect(file.intervals?.covariance?.length).toBe(4);
  });

  it('says which coefficients the log cannot tell', () => {
    const decodeOnly = fitSteps(
      steps([
        [0.01, 0, 1],
        [0.011, 0, 2],
        [0.012, 0, 3],
        [0.0131, 0, 4],
      ]),
    );
    expect(decodeOnly.betas.beta1).toBe(0);
    expect(decodeOnly.warnings.map((w) => w.code)).toEqual(['unidentified-coefficient']);
    const constant = fitSteps(
      steps([
        [0.01, 5, 1],
        [0.01, 5, 1],
        [0.011, 5, 1],
        [0.01, 5, 1],
      ]),
    );
    expect(constant.intervals).toBeNull();
    expect(constant.warnings.map((w) => w.code)).toContain('not-identifiable');
    const { beta0, beta1, beta2 } = constant.betas;
    expect(beta0 + 5 * beta1 + beta2).toAgree(0.01025, 1e-6);
    const shrinking = fitSteps(
      steps([
        [0.02, 0, 1],
        [0.019, 0, 2],
        [0.018, 0, 3],
        [0.017, 9, 4],
        [0.03, 99, 1],
      ]),
    );
    expect(shrinking.betas.beta2).toBe(0);
    expect(shrinking.warnings.map((w) => w.code)).toContain('held-at-zero');
  });

  it('leaves out steps without tokens, and says so', () => {
    const fit = fitSteps(
      steps([
        [0.01, 0, 1],
        [0, 0, 0],
        [0.012, 0, 3],
        [0.03, 99, 1],
        [0.02, 50, 1],
      ]),
    );
    expect(fit.diagnostics.nSteps).toBe(4);
    expect(fit.warnings).toEqual([{ code: 'empty-steps', message: '1 steps without tokens are left out.' }]);
  });

  it('refuses what cannot be fitted', () => {
    expect(() => fitSteps(steps([]))).toThrow("step log: must have a step that processes tokens; got '0 steps'");
    expect(() => fitSteps(steps([[0, 1, 1]]))).toThrow(
      'duration of step 0: must be a number of seconds above 0; got 0',
    );
    expect(() => fitSteps(steps([[1, 1, 1]]), { model: 'kv' })).toThrow(
      "model: must be linear for a step log that does not tell the context; got 'kv'",
    );
  });
});

describe('compareWithSteps', () => {
  const run = runScenario('budget-2048-medium', { requests: 100 });
  const fit = fitSteps(run.steps, { model: 'linear' });

  it('an estimate that is right has no error', () => {
    const { coefficients, meanAbsoluteError, totalTimeError } = compareWithSteps(run.coefficients, fit, run.steps);
    expect(coefficients.map((c) => c.coefficient)).toEqual(['beta0', 'beta1', 'beta2']);
    for (const { error } of coefficients) expect(error ?? 1).toAgree(0, 0, 1e-9);
    expect(meanAbsoluteError).toAgree(0, 0, 1e-12);
    expect(totalTimeError).toAgree(0, 0, 1e-12);
  });

  it('one that is 10 % high has 10 % everywhere', () => {
    const { beta0, beta1, beta2 } = run.coefficients;
    const high = { beta0: 1.1 * beta0, beta1: 1.1 * beta1, beta2: 1.1 * beta2 };
    const { coefficients, meanAbsoluteError, totalTimeError } = compareWithSteps(high, fit, run.steps);
    for (const { error, inInterval } of coefficients) {
      expect(error ?? 0).toAgree(0.1, 1e-9);
      expect(inInterval).toBe(false);
    }
    expect([meanAbsoluteError, totalTimeError]).toAgree([0.1, 0.1], 1e-9);
  });
});
