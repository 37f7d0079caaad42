import '@stepclock/vitest-matchers';
import type { PhaseTable } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import {
  type BaselineOptions,
  estimateBaseline,
  estimateIterative,
  estimateStepClock,
  type IterativeOptions,
} from '../src/index.js';
import { codes } from './estimate-parts.js';
import { goldenTraces, tableOf } from './golden-trace.js';
import { decode, tableOf as phases } from './phase-list.js';

const trace = (name: string): PhaseTable => tableOf(goldenTraces().find((t) => t.name === name)?.phases ?? []);
const fourPhases = trace('four-phases');

describe('the published four-phase example, C = 64', () => {
  it('baseline, uniform', () => {
    const { betas, diagnostics } = estimateBaseline(fourPhases, { chunkSize: 64, correctionMode: 'uniform' });
    expect([betas.beta0, betas.beta1, betas.beta2].map((b) => b.toFixed(6))).toEqual([
      '0.000000',
      '0.014338',
      '0.515229',
    ]);
    expect(diagnostics.r2).toAgree(0.8517629407351839, 1e-12);
  });

  it('iterative, beta_informed', () => {
    const { betas, converged, iterations, options } = estimateIterative(fourPhases, { chunkSize: 64 });
    expect([betas.beta0, betas.beta1, betas.beta2].map((b) => b.toFixed(6))).toEqual([
      '0.000000',
      '0.016305',
      '0.566230',
    ]);
    expect({ converged, iterations }).toEqual({ converged: true, iterations: 7 });
    expect(options).toEqual({
      chunkSize: 64,
      correctionMode: 'beta_informed',
      initCorrectionMode: 'end',
      minDurationSec: 0,
      maxOuterIters: 25,
      tol: 1e-6,
      dampingEta: 1,
    });
  });
});

describe('what an estimate says about itself', () => {
  it('nothing, where nothing is wrong', () => {
    expect(codes(estimateBaseline(trace('chunk-per-request'), { chunkSize: 512 }).warnings)).toEqual([]);
    expect(codes(estimateIterative(trace('chunk-per-request'), { chunkSize: 512 }).warnings)).toEqual([]);
  });

  it('that a coefficient is not known where nothing in the trace tells it', () => {
    const { betas, warnings } = estimateBaseline(trace('decode-only'), { chunkSize: 128 });
    expect(betas.beta1).toBe(0);
    expect(warnings).toEqual([
      {
        code: 'not-identifiable',
        message: 'beta1: no prefill tokens in this trace, so it is reported as 0 and not known',
      },
    ]);
    expect(codes(estimateIterative(trace('decode-only'), { chunkSize: 128 }).warnings)).toEqual(['not-identifiable']);
  });

  it('that steps and tokens of requests which never meet are one thing', () => {
    const alone = phases([decode('A', 0, 2, 10), decode('B', 3, 6, 15), decode('C', 6, 10, 20)]);
    expect(estimateBaseline(alone, { chunkSize: 128 }).warnings.map((w) => w.message)).toEqual([
      'beta1: no prefill tokens in this trace, so it is reported as 0 and not known',
      'steps and decode tokens are proportional or nearly so in this trace: their coefficients cannot be told apart, only the durations are determined',
    ]);
  });

  it('that the rounds ran out', () => {
    const got = estimateIterative(fourPhases, { chunkSize: 64, maxOuterIters: 2 });
    expect(codes(got.warnings)).toEqual(['not-converged']);
    expect(got.warnings[0]?.message).toBe(
      'the coefficients still moved by 0.0533 in the last of 2 rounds (tol 0.000001)',
    );
    expect(got.history.beta).toHaveLength(3);
  });

  it('that there is no variance: r2 is null', () => {
    const one: PhaseTable = {
      ...fourPhases,
      length: 1,
      kind: fourPhases.kind.slice(1, 2),
      startSec: fourPhases.startSec.slice(1, 2),
      endSec: fourPhases.endSec.slice(1, 2),
      prefillTokens: fourPhases.prefillTokens.slice(1, 2),
      decodeTokens: fourPhases.decodeTokens.slice(1, 2),
    };
    const got = estimateIterative(one, { chunkSize: 64 });
    expect(got.diagnostics.final_r2).toBeNull();
    expect(got.history.r2.every((r2) => r2 === null)).toBe(true);
    expect(codes(got.warnings)).toContain('r2-undefined');
    expect(got.diagnostics.final_rmse_seconds).toBeLessThan(1e-15);
  });

  it('that it took several engines for one', () => {
    const mixed = { ...fourPhases, instance: new Uint32Array([0, 0, 1, 1]), instanceIds: { length: 2, at: String } };
    expect(codes(estimateBaseline(mixed, { chunkSize: 64 }).warnings)).toEqual(['several-instances']);
  });
});

describe('phases without steps', () => {
  it('are rows of zeros: the others decide', () => {
    const idle = { ...fourPhases, steps: new Float64Array([0, 0, 0, 0]) };
    const got = estimateIterative(idle, { chunkSize: 64, correctionMode: 'none', initCorrectionMode: 'none' });
    expect([got.betas.beta0, got.betas.beta1, got.betas.beta2]).toEqual([0, 0, 0]);
    expect(got.converged).toBe(true);
  });
});

describe('options', () => {
  const refuses = (attempt: () => unknown, code: string, message: string) =>
    expect(attempt).toThrow(expect.objectContaining({ name: 'Fault', code: `beta-estimators/${code}`, message }));

  it.each([
    [{ chunkSize: 0 }, 'chunkSize: must be positive and finite; got 0'],
    [{ chunkSize: Number.NaN }, 'chunkSize: must be positive and finite; got NaN'],
    [{ chunkSize: 64, minDurationSec: -1 }, 'minDurationSec: must be finite and not negative; got -1'],
    [
      { chunkSize: 64, correctionMode: 'beta_informed' },
      'correctionMode: must be one of end, uniform, none for baseline; got "beta_informed"',
    ],
  ])('of baseline: %o is out of range', (options, message) => {
    refuses(() => estimateBaseline(fourPhases, options as BaselineOptions), 'bad-option', message);
  });

  it.each([
    [{ chunkSize: -1 }, 'chunkSize: must be positive and finite; got -1'],
    [{ chunkSize: 64, maxOuterIters: 0 }, 'maxOuterIters: must be a positive integer; got 0'],
    [{ chunkSize: 64, maxOuterIters: 2.5 }, 'maxOuterIters: must be a positive integer; got 2.5'],
    [{ chunkSize: 64, tol: -1e-9 }, 'tol: must be finite and not negative; got -1e-9'],
    [{ chunkSize: 64, dampingEta: 0 }, 'dampingEta: must be above 0 and at most 1; got 0'],
    [{ chunkSize: 64, dampingEta: 1.5 }, 'dampingEta: must be above 0 and at most 1; got 1.5'],
    [
      { chunkSize: 64, correctionMode: 'start' },
      'correctionMode: must be one of end, uniform, none, beta_informed for iterative; got "start"',
    ],
    [
      { chunkSize: 64, initCorrectionMode: 'beta_informed' },
      'initCorrectionMode: must be one of end, uniform, none for the baseline it starts from; got "beta_informed"',
    ],
  ])('of iterative: %o is out of range', (options, message) => {
    refuses(() => estimateIterative(fourPhases, options as IterativeOptions), 'bad-option', message);
  });

  it('that would be ignored are errors', () => {
    refuses(
      () => estimateBaseline(fourPhases, { chunkSize: 64, tol: 1e-9 } as BaselineOptions),
      'option-does-not-apply',
      'tol: must not be given to baseline, which takes chunkSize, correctionMode, minDurationSec; got 1e-9',
    );
  });

  it('bad phases are refused by the row', () => {
    const bad = { ...fourPhases, endSec: fourPhases.endSec.map((t, i) => (i === 2 ? 1 : t)) };
    expect(() => estimateBaseline(bad, { chunkSize: 64 })).toThrow(
      'phase: must end at a finite time after its start at 1; got 1 (row 2)',
    );
  });
});

describe('phases with steps and without tokens', () => {
  const steps = Float64Array.of(2, 4, 1, 2);
  const known = { ...fourPhases, steps };
  const unknown = {
    ...known,
    prefillTokens: fourPhases.prefillTokens.map((tokens) => (tokens > 0 ? Number.NaN : tokens)),
  };

  it('are estimated as with tokens, where no correction asks for them', () => {
    const none = { chunkSize: 64, correctionMode: 'none' } as const;
    expect(estimateBaseline(unknown, none)).toEqual(estimateBaseline(known, none));
    const neither = { ...none, initCorrectionMode: 'none' } as const;
    expect(estimateIterative(unknown, neither)).toEqual(estimateIterative(known, neither));
  });

  it('are refused by everything else', () => {
    const what = 'prefill tokens: must be known for a correction of last chunks; got "nothing" (row 0)';
    expect(() => estimateBaseline(unknown, { chunkSize: 64 })).toThrow(what);
    expect(() => estimateIterative(unknown, { chunkSize: 64, correctionMode: 'none' })).toThrow(what);
    expect(() => estimateStepClock(unknown)).toThrow('prefill_tokens: must be given for every prefill');
  });
});
