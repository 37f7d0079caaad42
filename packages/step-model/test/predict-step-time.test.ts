import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { predictStepTime } from '../src/index.js';

const betas = { beta0: 0.006, beta1: 2e-5, beta2: 1e-4, beta3: 1e-7 };
const composition = { prefillTokens: 500, decodeSeqs: 10, contextTokens: 20_000 };

describe('predictStepTime', () => {
  it('is the step model', () => {
    // 6 + 10 + 1 + 2 ms
    expect(predictStepTime({ betas }, composition).durationSec).toAgree(0.019, 1e-12);
    const { beta3: _, ...linear } = betas;
    expect(predictStepTime({ betas: linear }, composition).durationSec).toAgree(0.017, 1e-12);
  });

  it('has no interval without intervals, and knows no range', () => {
    expect(predictStepTime({ betas }, composition)).toMatchObject({
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
      covariance,
    } as const;
    const { intervalSec, intervalFrom, level } = predictStepTime({ betas, intervals }, composition);
    // sqrt(1e-8 + 500^2 1e-12 - 2 x 500 x 5e-11) = sqrt(2.1e-7)
    const half = 2 * Math.sqrt(1e-8 + 2.5e-7 - 5e-8);
    expect(intervalSec ?? []).toAgree([0.019 - half, 0.019 + half], 1e-9);
    expect([intervalFrom, level]).toEqual(['covariance', 0.95]);
    const { covariance: __, ...single } = intervals;
    const bounds = predictStepTime({ betas, intervals: { ...single, beta3: [1e-7, 1e-7] } }, composition);
    expect(bounds.intervalFrom).toBe('bounds');
    expect(bounds.intervalSec ?? []).toAgree([0.0178, 0.0202], 1e-9);
  });

  it('flags what lies outside of the compositions seen', () => {
    const identifiability = {
      compositions: { prefill_tokens: [0, 400], decode_seqs: [0, 20], context_tokens: [0, 20_000] },
    } as const;
    const { extrapolation, rangeUnknown } = predictStepTime({ betas, identifiability }, composition);
    expect(extrapolation).toEqual([{ quantity: 'prefillTokens', value: 500, seen: [0, 400] }]);
    expect(rangeUnknown).toEqual([]);
  });

  it('refuses negative and missing quantities', () => {
    expect(() => predictStepTime({ betas }, { ...composition, decodeSeqs: -1 })).toThrow(
      'decodeSeqs: must be a number >= 0; got -1',
    );
    expect(() => predictStepTime({ betas }, { ...composition, contextTokens: Number.NaN })).toThrow(
      /contextTokens: must be/,
    );
  });
});
