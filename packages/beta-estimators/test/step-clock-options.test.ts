import { BASE_TERMS } from '@stepclock/step-cost';
import { DECODE, type PhaseTable, PREFILL } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { resolvedStepClock, type StepClockOptions } from '../src/step-clock/fit/step-clock-options.js';
import { fittedWindows, sampleWindows } from '../src/step-clock/trace/sample-windows.js';
import { WHOLE_TRACE, type Window } from '../src/step-clock/trace/trace-columns.js';

describe('options of the step clock', () => {
  const defaults = {
    model: 'auto',
    maxNumBatchedTokens: null,
    queueInPrefill: 'unknown',
    ci: 0.95,
    window: null,
    tol: 1e-6,
    isDefaultTol: true,
    maxOuterIters: 25,
    terms: BASE_TERMS,
    context: 'open',
  };

  it('have defaults', () => {
    expect(resolvedStepClock({})).toEqual(defaults);
  });

  it('are taken as given', () => {
    const given = {
      model: 'kv',
      maxNumBatchedTokens: 2048,
      queueInPrefill: 'yes',
      ci: 0.5,
      window: [1, 2],
      tol: 0,
      maxOuterIters: 1,
    } as const;
    expect(resolvedStepClock(given)).toEqual({ ...given, isDefaultTol: false, terms: BASE_TERMS, context: 'asked' });
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

describe('sampleWindows', () => {
  /** Decodes of `length` seconds, one every second; every third row is a prefill, which does not count. */
  const steady = (decodes: number, length: number): PhaseTable => {
    const rows = Math.ceil(decodes * 1.5);
    const kind = Uint8Array.from({ length: rows }, (_, i) => (i % 3 === 2 ? PREFILL : DECODE));
    let d = 0;
    const startSec = Float64Array.from(kind, (k) => (k === DECODE ? d++ : d));
    return {
      length: rows,
      kind,
      startSec,
      endSec: startSec.map((t) => t + length),
      prefillTokens: new Float64Array(rows).fill(1),
      decodeTokens: new Float64Array(rows).fill(1),
      request: new Uint32Array(rows),
      requestIds: { length: 1, at: String },
    };
  };

  it('are four stretches of 1500 decodes, each in the middle of its quarter', () => {
    const got = sampleWindows(steady(32_000, 1), WHOLE_TRACE);
    expect(got).toEqual([4000, 12_000, 20_000, 28_000].map((middle): Window => [middle - 750, middle + 750]));
  });

  it('only where the trace is four times as long as they are', () => {
    expect(sampleWindows(steady(24_000, 1), WHOLE_TRACE)).toBeUndefined();
    expect(sampleWindows(steady(24_001, 1), WHOLE_TRACE)).toHaveLength(4);
  });

  it('are longer where more decodes are active: ten times as many', () => {
    // Two hundred at a time, but for the ends: 10 * 200 n / (n + 199), rounded up.
    expect(sampleWindows(steady(31_000, 200), WHOLE_TRACE)).toBeUndefined();
    const [first] = sampleWindows(steady(40_000, 200), WHOLE_TRACE) ?? [];
    expect(first).toEqual([5000 - 995, 5000 + 995]);
  });

  it('lie in the window, and ask only decodes that begin there', () => {
    const phases = steady(60_000, 1);
    expect(sampleWindows(phases, [1000, 25_000])).toBeUndefined();
    const got = sampleWindows(phases, [1000, 33_000]);
    expect(got).toEqual([5000, 13_000, 21_000, 29_000].map((middle): Window => [middle - 750, middle + 750]));
  });

  it('do not mind the order of the rows', () => {
    const phases = steady(32_000, 1);
    const reversed = {
      ...phases,
      kind: phases.kind.slice().reverse(),
      startSec: phases.startSec.slice().reverse(),
      endSec: phases.endSec.slice().reverse(),
    };
    expect(sampleWindows(reversed, WHOLE_TRACE)).toEqual(sampleWindows(phases, WHOLE_TRACE));
  });

  it('of what is too long to be fitted as a whole are sixteen stretches, each in the middle of its part', () => {
    const long = steady(64_000, 1);
    const got = fittedWindows(long, WHOLE_TRACE, 90_000);
    expect(got).toEqual(Array.from({ length: 16 }, (_, w): Window => [2000 + 4000 * w - 750, 2000 + 4000 * w + 750]));
    // Not longer than it may be, as a whole or in the window; or stretches would be half of it.
    expect(fittedWindows(long, WHOLE_TRACE, long.length)).toEqual([WHOLE_TRACE]);
    expect(fittedWindows(long, WHOLE_TRACE, long.length - 1)).toHaveLength(16);
    expect(fittedWindows(long, [0, 50_000], 90_000)).toEqual([[0, 50_000]]);
    expect(fittedWindows(steady(48_000, 1), WHOLE_TRACE, 60_000)).toEqual([WHOLE_TRACE]);
    expect(fittedWindows(steady(48_001, 1), WHOLE_TRACE, 60_000)).toHaveLength(16);
  });

  it('hold an eighth as many decodes as phases are fitted as a whole', () => {
    const [first] = fittedWindows(steady(240_000, 1), WHOLE_TRACE, 300_000);
    // 300,000 / 8 / 16, rounded up, is 2344.
    expect(first).toEqual([7500 - 1172, 7500 + 1172]);
  });
});
