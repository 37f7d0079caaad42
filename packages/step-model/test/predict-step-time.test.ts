import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { predictStepTime } from '../src/index.js';
import { type BaseModel, baseModel } from './base-model.js';

const betas = { beta0: 0.006, beta1: 2e-5, beta2: 1e-4, beta3: 1e-7 };
const composition = { prefillTokens: 500, decodeSeqs: 10, contextTokens: 20_000 };

const predicted = (model: BaseModel, step: typeof composition) => predictStepTime(baseModel(model), step);

describe('predictStepTime', () => {
  it('is the step model', () => {
    // 6 + 10 + 1 + 2 ms
    expect(predicted({ betas }, composition).durationSec).toAgree(0.019, 1e-12);
    const { beta3: _, ...linear } = betas;
    expect(predicted({ betas: linear }, composition).durationSec).toAgree(0.017, 1e-12);
  });

  it('has no interval without intervals, and knows no range', () => {
    expect(predicted({ betas }, composition)).toMatchObject({
      intervalSec: null,
      level: null,
      intervalFrom: null,
      extrapolation: [],
      rangeUnknown: ['prefillTokens', 'decodeSeqs', 'contextTokens'],
    });
  });

  it('takes the joint uncertainty of the coefficients', () => {
    // Standard errors 1e-4 s and 1e-6 s/token, correlated -0.5; the file's intervals reach two standard errors.
    const covariance = [
      [1e-8, -5e-11, 0, 0],
      [-5e-11, 1e-12, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ];
    const intervals = {
      level: 0.95,
      beta0: [0.0058, 0.0062],
      beta1: [1.8e-5, 2.2e-5],
      beta2: [1e-4, 1e-4],
      beta3: [1e-7, 1e-7],
      covariance,
    } as const;
    const { intervalSec, intervalFrom, level } = predicted({ betas, intervals }, composition);
    // sqrt(1e-8 + 500^2 1e-12 - 2 x 500 x 5e-11) = sqrt(2.1e-7)
    const half = 2 * Math.sqrt(1e-8 + 2.5e-7 - 5e-8);
    expect(intervalSec ?? []).toAgree([0.019 - half, 0.019 + half], 1e-9);
    expect([intervalFrom, level]).toEqual(['covariance', 0.95]);
    const { covariance: __, ...single } = intervals;
    const bounds = predicted({ betas, intervals: single }, composition);
    expect(bounds.intervalFrom).toBe('bounds');
    expect(bounds.intervalSec ?? []).toAgree([0.0178, 0.0202], 1e-9);
  });

  it('flags what lies outside of the compositions seen', () => {
    const identifiability = {
      compositions: { prefill_tokens: [0, 400], decode_seqs: [0, 20], context_tokens: [0, 20_000] },
    } as const;
    const { extrapolation, rangeUnknown } = predicted({ betas, identifiability }, composition);
    expect(extrapolation).toEqual([{ quantity: 'prefillTokens', value: 500, seen: [0, 400] }]);
    expect(rangeUnknown).toEqual([]);
  });

  it('refuses negative and missing quantities', () => {
    expect(() => predicted({ betas }, { ...composition, decodeSeqs: -1 })).toThrow(
      'decodeSeqs: must be a number of at least 0; got -1',
    );
    expect(() => predicted({ betas }, { ...composition, contextTokens: Number.NaN })).toThrow(/contextTokens: must be/);
  });

  it.each([
    ['prefillTokens', -1],
    ['decodeSeqs', Number.POSITIVE_INFINITY],
    ['contextTokens', Number.NaN],
  ] as const)('refuses %s of %d', (name, value) => {
    expect(() => predicted({ betas }, { ...composition, [name]: value })).toThrow(
      expect.objectContaining({
        code: 'step-model/bad-composition',
        message: `${name}: must be a number of at least 0; got ${value}`,
        value,
      }),
    );
  });

  it('an empty step costs beta0, and no interval reaches below 0', () => {
    const empty = { prefillTokens: 0, decodeSeqs: 0, contextTokens: 0 };
    expect(predicted({ betas }, empty).durationSec).toBe(0.006);
    const covariance = [1e-4, 0, 0, 0].map((variance, i) =>
      [0, 1, 2, 3].map((j) => (i === 0 && j === 0 ? variance : 0)),
    );
    const intervals = { level: 0.9, beta0: [0, 0.046], beta1: [2e-5, 2e-5], beta2: [1e-4, 1e-4], covariance } as const;
    // A standard error of 10 ms, an interval of 23 ms to both sides: 2.3 of them.
    expect(predicted({ betas, intervals }, empty)).toMatchObject({
      level: 0.9,
      intervalSec: [0, expect.closeTo(0.029, 12)],
    });
  });

  it('reaches as many standard errors as the widest interval of the file', () => {
    const covariance = [
      [1e-8, 0, 0, 0],
      [0, 4e-12, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 1e-18],
    ];
    const intervals = {
      level: 0.95,
      beta0: [0.0058, 0.0062],
      beta1: [1.4e-5, 2.6e-5],
      beta2: [0, 1],
      beta3: [9.9e-8, 1.01e-7],
      covariance,
    } as const;
    // beta0 reaches two, beta1 three, beta3 one standard error; beta2 has none, so that its interval says nothing.
    const error = Math.sqrt(1e-8 + 500 ** 2 * 4e-12 + 20_000 ** 2 * 1e-18);
    const [low, high] = predicted({ betas, intervals }, composition).intervalSec ?? [0, 0];
    expect([low, high]).toAgree([0.019 - 3 * error, 0.019 + 3 * error], 1e-12);
  });

  it('a variance that rounding has made negative is none', () => {
    const { beta3: _, ...linear } = betas;
    const intervals = {
      level: 0.95,
      beta0: [0.005, 0.007],
      beta1: [1e-5, 3e-5],
      beta2: [1e-4, 1e-4],
      // 1 - 2 x (1 + 5e-7) + 1 < 0 for a step of one token.
      covariance: [
        [1e-12, -1.0000005e-12, 0],
        [-1.0000005e-12, 1e-12, 0],
        [0, 0, 0],
      ],
    } as const;
    const one = { prefillTokens: 1, decodeSeqs: 0, contextTokens: 0 };
    const { intervalSec, durationSec } = predicted({ betas: linear, intervals }, one);
    expect(intervalSec).toEqual([durationSec, durationSec]);
  });

  it('bounds are sums of the single bounds; a coefficient without interval adds its value', () => {
    const intervals = { level: 0.5, beta0: [0.001, 0.002], beta1: [1e-5, 3e-5], beta2: [0, 1e-3] } as const;
    expect(predicted({ betas, intervals }, composition)).toMatchObject({
      level: 0.5,
      intervalFrom: 'bounds',
      intervalSec: [expect.closeTo(0.001 + 0.005 + 0.002, 12), expect.closeTo(0.002 + 0.015 + 0.01 + 0.002, 12)],
    });
  });

  it('the ends of what was seen are inside; context counts only for a model with context', () => {
    const compositions = { prefill_tokens: [500, 600], decode_seqs: [5, 10], context_tokens: [1, 2] } as const;
    const far = predicted({ betas, identifiability: { compositions } }, composition);
    expect(far.extrapolation).toEqual([{ quantity: 'contextTokens', value: 20_000, seen: [1, 2] }]);
    const { beta3: _, ...linear } = betas;
    const plain = predicted({ betas: linear, identifiability: { compositions } }, { ...composition, decodeSeqs: 4 });
    expect(plain.extrapolation).toEqual([{ quantity: 'decodeSeqs', value: 4, seen: [5, 10] }]);
    expect(predicted({ betas: linear, identifiability: {} }, composition).rangeUnknown).toEqual([
      'prefillTokens',
      'decodeSeqs',
    ]);
  });
});
