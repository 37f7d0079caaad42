import { describe, expect, it } from 'vitest';
import {
  BASE_TERMS,
  betasOf,
  CATALOGUE,
  dividedCost,
  emptyStretch,
  isOfPrefill,
  stepCost,
  stepSeconds,
  stretchOfStep,
  termOf,
  termsNamed,
} from '../src/index.js';
import { ROOT } from './root-term.js';

const step = { prefillTokens: 100, decodeSeqs: 20, contextTokens: 9000 };

describe('the catalogue', () => {
  it('has names, labels and sentences, each once', () => {
    for (const of of ['name', 'label'] as const) {
      expect(new Set(CATALOGUE.map((term) => term[of])).size).toBe(CATALOGUE.length);
    }
    for (const { name, sentence, unit } of CATALOGUE) {
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(sentence.length).toBeGreaterThan(10);
      expect(unit.startsWith('s/')).toBe(true);
    }
  });

  it('begins with beta0 to beta3', () => {
    expect(BASE_TERMS.map(({ label }) => label)).toEqual(['beta0', 'beta1', 'beta2', 'beta3']);
    expect(CATALOGUE.slice(0, 4)).toEqual(BASE_TERMS);
  });

  it.each(CATALOGUE.map((term) => [term.name, term] as const))(
    '%s: k alike steps hold k times what one holds',
    (_, term) => {
      const one = stretchOfStep(step);
      const many = { ...one, steps: 7 };
      for (const fact of ['prefillTokens', 'prefillSteps', 'prefillRequests', 'prefillContext'] as const)
        many[fact] *= 7;
      expect(term.sum(many)).toAgree(7 * term.sum(one), 1e-12);
      expect(term.sum(emptyStretch())).toBe(0);
    },
  );

  it('exactly one level holds a decode batch, and none a step with prefill', () => {
    const levels = CATALOGUE.filter(({ name }) => name.startsWith('captured_batch_'));
    const held = (decodeSeqs: number, prefillTokens = 0) =>
      levels.filter(({ sum }) => sum(stretchOfStep({ decodeSeqs, prefillTokens, contextTokens: 0 })) !== 0);
    for (const n of [1, 2, 3, 4, 5, 8, 9, 64, 65, 255, 256, 257, 512]) expect(held(n)).toHaveLength(1);
    expect(held(41)[0].name).toBe('captured_batch_48');
    expect([held(0), held(513), held(8, 5)].flat()).toEqual([]);
  });

  it('finds terms by name, label or family', () => {
    expect(termsNamed(['beta1', 'step']).map(({ name }) => name)).toEqual(['step', 'prefill_tokens']);
    expect(termsNamed(['decode_seqs_over_*'])).toHaveLength(9);
    expect(termOf('beta3').name).toBe('context_tokens');
    expect(() => termsNamed(['beta9'])).toThrow(
      'term: must be one of step, prefill_tokens, decode_seqs, context_tokens, prefill_step, prefill_context, decode_seqs_over_*, captured_batch_*, prefill_requests, client_overhead, first_token_delay; got "beta9"',
    );
  });
});

describe('the cost of a step', () => {
  it('is the sum over its terms', () => {
    const betas = {
      beta0: 0.006,
      beta1: 20e-6,
      beta2: 120e-6,
      beta3: 1e-7,
      prefill_step: 0.001,
      decode_seqs_over_8: -1e-5,
    };
    expect(stepSeconds(betas, step)).toAgree(0.006 + 0.002 + 0.0024 + 0.0009 + 0.001 - 0.00012, 1e-12);
  });

  it('divides into steps that only decode and what prefill adds', () => {
    const { terms, coefficients, secondsOf } = stepCost({ beta0: 1, beta1: 2, beta2: 3, beta3: 4, prefill_step: 5 });
    const { perStep, ofPrefill } = dividedCost(terms, coefficients);
    const stretch = { ...stretchOfStep(step), steps: 7 };
    expect(7 * perStep(20, 9000) + ofPrefill(stretch)).toAgree(secondsOf(stretch), 1e-12);
    expect(terms.filter(isOfPrefill).map(({ name }) => name)).toEqual(['prefill_tokens', 'prefill_step']);
  });

  it('does not depend on the order of the coefficients, and gives them back', () => {
    const { terms, coefficients } = stepCost({ beta2: 3, beta0: 1 });
    expect(betasOf(terms, coefficients)).toEqual({ beta0: 1, beta2: 3 });
  });

  it('takes a term of the caller', () => {
    expect(stepSeconds({ beta0: 1, root: 2 }, { ...step, decodeSeqs: 9 }, [...CATALOGUE, ROOT])).toBe(7);
    expect(() => stepSeconds({ root: 2 }, step)).toThrow('got "root"');
  });

  it.each([
    [{ beta0: -1 }, 'beta0: must be a finite number of at least 0; got -1'],
    [{ beta1: Number.NaN }, 'beta1: must be a finite number of at least 0; got NaN'],
    [{ prefill_step: Number.POSITIVE_INFINITY }, 'prefill_step: must be a finite number; got Infinity'],
  ])('refuses %j', (betas, message) => {
    expect(() => stepCost(betas)).toThrow(message);
  });
});
