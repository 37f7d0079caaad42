import { BASE_TERMS } from '@stepclock/step-cost';
import { describe, expect, it } from 'vitest';
import { resolvedStepClock, type StepClockOptions } from '../src/step-clock/fit/step-clock-options.js';

describe('options of the step clock', () => {
  const defaults = {
    model: 'auto',
    maxNumBatchedTokens: null,
    queueInPrefill: 'unknown',
    policy: 'auto',
    promptOffset: 'auto',
    ci: 0.95,
    window: null,
    tol: null,
    maxOuterIters: 25,
    terms: BASE_TERMS,
    isAsked: false,
  };

  it('have defaults', () => {
    expect(resolvedStepClock({})).toEqual(defaults);
  });

  it('are taken as given', () => {
    const given = {
      model: 'kv',
      maxNumBatchedTokens: 2048,
      queueInPrefill: 'yes',
      policy: 'prefill-first',
      promptOffset: -20,
      ci: 0.5,
      window: [1, 2],
      tol: 0,
      maxOuterIters: 1,
    } as const;
    expect(resolvedStepClock(given)).toEqual({ ...given, terms: BASE_TERMS, isAsked: true });
    expect(resolvedStepClock({ model: 'linear' }).terms).toEqual(BASE_TERMS.slice(0, 3));
    expect(resolvedStepClock({ terms: ['prefill_step', 'step'] }).terms.map(({ name }) => name)).toEqual([
      'step',
      'prefill_step',
    ]);
    for (const model of ['linear', 'kv', 'auto'] as const) expect(resolvedStepClock({ model }).model).toBe(model);
    for (const queueInPrefill of ['no', 'yes', 'unknown'] as const) {
      expect(resolvedStepClock({ queueInPrefill }).queueInPrefill).toBe(queueInPrefill);
    }
  });

  it.each<[unknown, string]>([
    [{ model: 'cubic' }, 'model: must be one of auto, linear, kv; got "cubic"'],
    [{ queueInPrefill: 'maybe' }, 'queueInPrefill: must be one of no, yes, unknown; got "maybe"'],
    [{ maxNumBatchedTokens: 0 }, 'maxNumBatchedTokens: must be positive and finite; got 0'],
    [
      { maxNumBatchedTokens: Number.POSITIVE_INFINITY },
      'maxNumBatchedTokens: must be positive and finite; got Infinity',
    ],
    [{ maxNumBatchedTokens: Number.NaN }, 'maxNumBatchedTokens: must be positive and finite; got NaN'],
    [{ promptOffset: 0.5 }, 'promptOffset: must be auto or a whole number of tokens; got 0.5'],
    [{ ci: 0 }, 'ci: must be above 0 and below 1; got 0'],
    [{ ci: 1 }, 'ci: must be above 0 and below 1; got 1'],
    [{ window: [2, 2] }, 'window: must start before it ends; got "2:2"'],
    [{ window: [Number.NaN, 2] }, 'window: must start before it ends; got "NaN:2"'],
    [{ tol: -1e-9 }, 'tol: must be finite and not negative; got -1e-9'],
    [{ tol: Number.POSITIVE_INFINITY }, 'tol: must be finite and not negative; got Infinity'],
    [{ terms: ['decode_seqs'] }, 'terms: must have the term step; got "decode_seqs"'],
    [{ terms: ['step'], model: 'kv' }, 'terms: must not be given beside a model; got "kv"'],
    [{ maxOuterIters: 0 }, 'maxOuterIters: must be a positive integer; got 0'],
    [{ maxOuterIters: 1.5 }, 'maxOuterIters: must be a positive integer; got 1.5'],
  ])('%o is out of range', (options, message) => {
    expect(() => resolvedStepClock(options as StepClockOptions)).toThrow(
      expect.objectContaining({ name: 'Fault', code: 'beta-estimators/bad-option', message }),
    );
  });
});
