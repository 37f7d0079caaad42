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
        const [low, high] = intervals?.byLabel[name] ?? [1, 0];
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
    expect(fit.intervals).toBeNull();
    expect(fit.warnings.map((w) => w.code)).toContain('no-intervals');
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
    expect(decodeOnly.warnings.map((w) => w.code)).toEqual(['unidentified-coefficient', 'no-intervals']);
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
    expect(fit.warnings[0]).toEqual({ code: 'empty-steps', message: '1 steps without tokens are left out.' });
  });

  it('refuses what cannot be fitted', () => {
    expect(() => fitSteps(steps([]))).toThrow('step log: must have a step that processes tokens; got "0 steps"');
    expect(() => fitSteps(steps([[0, 1, 1]]))).toThrow(
      'step log: must have a step that processes tokens and takes time; got "1 steps"',
    );
    expect(() => fitSteps(steps([[1, 1, 1]]), { model: 'kv' })).toThrow(
      'context_tokens: must be told by the step log: it has no contextTokens; got "kv"',
    );
  });
});

describe('the figures of a fit, by hand', () => {
  // Steps without prefill: t = beta0 + beta2 d. Two batches, twice each, off by 2 % to both sides.
  const log = steps([
    [0.0098, 0, 1],
    [0.0102, 0, 1],
    [0.0196, 0, 6],
    [0.0204, 0, 6],
  ]);
  const fitted = () => fitSteps(log, { level: 0.9 });

  it('coefficients: the means of 10 and 20 ms at batches of 1 and 6', () => {
    const { betas, warnings } = fitted();
    expect([betas.beta0, betas.beta1, betas.beta2]).toAgree([0.008, 0, 0.002], 1e-12, 1e-18);
    expect(warnings[0]).toEqual({
      code: 'unidentified-coefficient',
      message: 'beta1 cannot be told: its tokens are zero in every step. It is set to 0.',
    });
  });

  it('diagnostics', () => {
    const { diagnostics } = fitted();
    expect(diagnostics.nSteps).toBe(4);
    expect(diagnostics.meanDurationSeconds).toAgree(0.015, 1e-12);
    // Residuals of 0.2, 0.2, 0.4 and 0.4 ms.
    expect(diagnostics.rmseSeconds).toAgree(Math.sqrt((2 * 0.04e-6 + 2 * 0.16e-6) / 4), 1e-12);
    expect(diagnostics.relativeRmse).toAgree(0.02, 1e-12);
    const total = 5.2 ** 2 + 4.8 ** 2 + 4.6 ** 2 + 5.4 ** 2;
    expect(diagnostics.r2 ?? 0).toAgree(1 - (2 * 0.04 + 2 * 0.16) / total, 1e-12);
  });

  it('the range of every quantity', () => {
    const { identifiability } = fitted();
    expect(identifiability.compositions).toEqual({ prefillTokens: [0, 0], decodeSeqs: [1, 6] });
  });

  it('has no intervals without steps to spare, and no r2 where all steps take the same time', () => {
    const two = fitSteps(
      steps([
        [0.01, 0, 1],
        [0.02, 0, 6],
      ]),
    );
    expect([two.intervals, two.identifiability.conditionNumber]).toEqual([null, null]);
    expect(two.betas.beta2).toAgree(0.002, 1e-12);
    const same = fitSteps(
      steps([
        [0.01, 0, 1],
        [0.01, 0, 6],
        [0.01, 0, 3],
      ]),
    );
    expect(same.diagnostics.r2).toBeNull();
    expect(same.warnings.map((w) => w.message)).toContain(
      'beta2 is held at 0; without the bound it would be negative.',
    );
  });

  it('columns that depend on each other: durations stand, coefficients do not', () => {
    const fit = fitSteps(
      steps([
        [0.01, 5, 1],
        [0.012, 10, 2],
        [0.014, 15, 3],
        [0.0161, 20, 4],
      ]),
    );
    expect(fit.warnings[0]).toEqual({
      code: 'not-identifiable',
      message: expect.stringMatching(
        /^The step log does not tell the coefficients apart: .+\. The fitted durations stand, the single coefficients do not\.$/,
      ),
    });
    expect([fit.intervals, fit.identifiability.conditionNumber]).toEqual([null, null]);
    expect(fit.diagnostics.relativeRmse).toBeLessThan(0.005);
  });

  it('refusals name the rule and the value', () => {
    const refused = (rows: Parameters<typeof steps>[0], message: string, code: string, value: unknown) =>
      expect(() => fitSteps(steps(rows))).toThrow(expect.objectContaining({ code, message, value }));
    refused(
      [[1, 0, 0]],
      'step log: must have a step that processes tokens; got "1 steps"',
      'step-model/no-steps',
      '1 steps',
    );
    for (const sec of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const message = `duration of a step: must be a number of seconds above 0; got ${sec} (row 1)`;
      refused(
        [
          [1, 1, 1],
          [sec, 1, 1],
        ],
        message,
        'step-model/bad-step',
        sec,
      );
    }
    expect(() => fitSteps(steps([[1, 1, 1]]), { model: 'kv' })).toThrow(
      expect.objectContaining({ code: 'step-model/no-context', value: 'kv' }),
    );
  });
});

describe('compareWithSteps by hand', () => {
  const log = steps([
    [0.01, 0, 1, 100],
    [0.02, 0, 6, 300],
    [0.03, 100, 1, 100],
    [0.05, 200, 3, 500],
    [0.04, 120, 4, 50],
  ]);
  const fit = fitSteps(log);

  it('holds every coefficient that one of both has, errors relative to the reference', () => {
    const estimate = { beta0: 2 * fit.betas.beta0, beta1: fit.betas.beta1, beta2: 0 };
    const { coefficients } = compareWithSteps(estimate, fit, log);
    expect(coefficients.map((c) => [c.coefficient, c.estimate, c.reference])).toEqual([
      ['beta0', estimate.beta0, fit.betas.beta0],
      ['beta1', estimate.beta1, fit.betas.beta1],
      ['beta2', 0, fit.betas.beta2],
      ['beta3', 0, fit.betas.beta3],
    ]);
    expect(coefficients[0]?.error ?? 0).toAgree(1, 1e-12);
    expect(coefficients[1]?.error).toBe(0);
  });

  it('has no error at a reference of 0, and no interval where the estimate has none', () => {
    const free = { ...fit, betas: { ...fit.betas, beta2: 0 } };
    const beta2 = {
      coefficient: 'beta2',
      estimate: 1,
      reference: 0,
      error: null,
      interval: null,
      holdsReference: null,
    };
    expect(compareWithSteps({ beta0: 1, beta1: 1, beta2: 1 }, free, log).coefficients[2]).toEqual(beta2);
  });

  it('asks whether the interval of the estimate holds the reference, its ends with it', () => {
    const reference = fit.betas.beta0;
    const held = (low: number, high: number) => {
      const zero = [0, 0] as const;
      const intervals = { beta0: [low, high] as const, beta1: zero, beta2: zero };
      const [beta0, , , beta3] = compareWithSteps({ ...fit.betas, beta0: low }, fit, log, intervals).coefficients;
      expect([beta0?.interval, beta3?.interval, beta3?.holdsReference]).toEqual([[low, high], null, null]);
      return beta0?.holdsReference;
    };
    expect([held(reference, 2 * reference), held(0, reference), held(0, 2 * reference)]).toEqual([true, true, true]);
    expect([held(0, 0.999 * reference), held(1.001 * reference, 2 * reference)]).toEqual([false, false]);
  });

  it('errors of the durations: the mean of the single ones, and that of the whole', () => {
    const two = steps([
      [1, 0, 1, 10],
      [3, 1, 1, 10],
    ]);
    const estimate = { beta0: 1, beta1: 1, beta2: 0, beta3: 0.05 };
    // 1.5 and 2.5 s predicted of 1 and 3 s measured.
    const { meanAbsoluteError, totalTimeError } = compareWithSteps(estimate, fit, two);
    expect([meanAbsoluteError, totalTimeError]).toAgree([(0.5 + 1 / 6) / 2, 0], 1e-12, 1e-15);
    const { contextTokens: _, ...blind } = two;
    expect(compareWithSteps(estimate, fit, blind).totalTimeError).toAgree(-0.25, 1e-12);
  });
});

it('steps that took no time have no error', () => {
  const { steps: log, coefficients } = runScenario('budget-2048-medium', { requests: 50 });
  const durationSec = log.durationSec.map((sec, i) => (i % 9 === 0 ? 0 : sec));
  const { meanAbsoluteError, totalTimeError } = compareWithSteps(
    coefficients,
    { betas: coefficients },
    { ...log, durationSec },
  );
  expect([meanAbsoluteError, totalTimeError]).toAgree([0, 0], 0, 1e-12);
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
    for (const { error } of coefficients) expect(error ?? 0).toAgree(0.1, 1e-9);
    expect([meanAbsoluteError, totalTimeError]).toAgree([0.1, 0.1], 1e-9);
  });
});
