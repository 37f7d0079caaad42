import '@stepclock/vitest-matchers';
import { type EngineStep, runScenario } from '@stepclock/engine-sim';
import { BASE_TERMS, type Betas, CATALOGUE, stepCost, stretchOfStep, type Term } from '@stepclock/step-cost';
import { describe, expect, it } from 'vitest';
import {
  betasFileOf,
  betasOfFile,
  exportModel,
  fitSteps,
  holdOutError,
  parseBetasFile,
  predictStepTime,
  replay,
} from '../src/index.js';

/** Everything that stepclock needs to know of a new term. */
const decodePairs: Term = {
  name: 'decode_pairs',
  label: 'decode_pairs',
  unit: 's/pair',
  phrase: 'per pair of decodes',
  smallUnit: 'ns',
  sentence: 'per pair of decodes in a step',
  sum: ({ steps, decodeSeqs }) => (steps * decodeSeqs * (decodeSeqs - 1)) / 2,
  needs: ['decodeSeqs'],
  sign: 'free',
  priorShare: null,
  role: 'open',
};
const catalogue = [...CATALOGUE, decodePairs];
const truth: Betas = { beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4, beta3: 1e-7, prefill_step: 0.002, decode_pairs: 3e-6 };
const cost = stepCost(truth, catalogue);
const run = runScenario('budget-2048-medium', {
  requests: 400,
  seed: 2,
  stepSeconds: (step: EngineStep) => cost.secondsOf(stretchOfStep(step)),
});
const settings = { maxNumBatchedTokens: 2048, maxNumSeqs: 256, asyncScheduling: false };
const terms = [...BASE_TERMS.map(({ name }) => name), 'prefill_step', 'decode_pairs'];
const file = betasFileOf(fitSteps(run.steps, { catalogue, terms }), catalogue);

describe('a term of a user of the library, in the catalogue that the functions are given', () => {
  it('is fitted, written, and read back', () => {
    const again = parseBetasFile(JSON.stringify(file), 'own.json', catalogue);
    expect(again.terms.map(({ name }) => name)).toEqual(terms);
    const betas = betasOfFile(again, catalogue);
    expect(Object.keys(betas)).toEqual(Object.keys(truth));
    // The prior of prefill_step draws a little: it comes out 0.1 % short.
    expect(Object.values(betas)).toAgree(Object.values(truth), 2e-3);
  });

  it('is refused by name where the catalogue lacks it', () => {
    expect(() => parseBetasFile(JSON.stringify(file), 'own.json')).toThrow(
      'terms[5].name: must be a term of the catalogue; got "decode_pairs" (own.json)',
    );
    expect(() => replay(run.requests, truth)).toThrow('got "decode_pairs"');
  });

  it('is predicted, with an interval from the covariance of all terms', () => {
    const step = { prefillTokens: 100, decodeSeqs: 20, contextTokens: 9000 };
    const { durationSec, intervalFrom } = predictStepTime(file, step, catalogue);
    // 6 + 2 + 2.4 + 0.9 + 2 ms, and 190 pairs of 3 us.
    expect(durationSec).toAgree(0.0133 + 0.00057, 1e-3);
    expect(intervalFrom).toBe('covariance');
  });

  it('is replayed, and its decodes are predicted', () => {
    const { metrics } = replay(run.requests, truth, settings, { catalogue });
    expect(Object.values(metrics).map(({ mean }) => mean.error)).toAgree([0, 0, 0], 0, 1e-9);
    const without: Record<string, number> = { ...truth };
    without.decode_pairs = 0;
    const span = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
    const bias = (betas: Betas) => Math.abs(holdOutError(run.phases, betas, span, catalogue).bias ?? 1);
    expect(bias(truth)).toBeLessThan(0.01);
    expect(bias(without)).toBeGreaterThan(0.05);
  });

  it('is exported where the format can carry it, and refused by name where it cannot', () => {
    const own = { ...file, terms: file.terms.filter(({ name }) => name !== 'prefill_step'), covariance: null };
    expect(JSON.parse(exportModel(file, 'json', { catalogue }).text).coefficients.decode_pairs).toMatchObject({
      unit: 's/pair',
      meaning: 'per pair of decodes in a step',
    });
    expect(exportModel(file, 'csv', { catalogue }).text).toMatch(/^decode_pairs,0\.00000(?:3|29999)\d*,s\/pair,/m);
    expect(exportModel(file, 'step-grid-csv', { catalogue, maxNumSeqs: 8 }).text).toContain('step_seconds');
    for (const [format, consumer] of [
      ['blis-yaml', 'BLIS'],
      ['llm-d-inference-sim', 'llm-d-inference-sim'],
      ['workload-variant-autoscaler', 'the autoscaler'],
    ] as const) {
      const carries = `${consumer} carries only step, prefill_tokens, decode_seqs, context_tokens`;
      expect(() => exportModel(file, format, { catalogue })).toThrow(
        expect.objectContaining({
          code: 'step-model/term-not-carried',
          message: expect.stringMatching(/^term prefill_step: must be one that the output can carry; got 0\.00\d+: /),
          hint: carries,
        }),
      );
      expect(() => exportModel(own, format, { catalogue })).toThrow(/^term decode_pairs: .*: /);
    }
  });

  it('is carried by every format where it is a multiple of the base terms', () => {
    const twice: Term = { ...decodePairs, sum: ({ steps, prefillTokens }) => steps + 2 * prefillTokens };
    const model = betasFileOf({ algo: 'x', betas: { beta0: 0.006, beta1: 2e-5, beta2: 1e-4, decode_pairs: 1e-5 } }, [
      ...CATALOGUE,
      twice,
    ]);
    const { text } = exportModel(model, 'blis-yaml', { catalogue: [...CATALOGUE, twice] });
    expect(text).toContain('  beta_coeffs:\n  - 6010\n  - 40\n  - 100\n');
  });

  it('cannot be replayed where it asks for what no simulated step tells', () => {
    expect(() => replay(run.requests, { ...truth, client_overhead: 0.03 }, settings, { catalogue })).toThrow(
      'term client_overhead: must be one that the output can carry; got 0.03: a replayed step tells only its prefillTokens',
    );
    const silent = { ...truth, client_overhead: 0 };
    expect(replay(run.requests, silent, settings, { catalogue }).steps).toBe(run.steps.length);
  });
});
