import '@stepclock/vitest-matchers';
import { compensatedSum } from '@stepclock/numerics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateBaseline, estimateIterative, fittedDurations } from '../src/index.js';
import { type DurationFit, durationTarget, fitDurations } from '../src/published/duration-fit.js';
import { laggedRounds } from '../src/published/lagged-round.js';
import {
  type BaselineOptions,
  type IterativeOptions,
  resolvedBaseline,
  resolvedIterative,
} from '../src/published/published-options.js';
import { fitWarnings } from '../src/published/published-warnings.js';
import { addUpTokens, emptyTokenTotals, stepAverages } from '../src/published/step-averages.js';
import { traceSignals } from '../src/published/trace-signals.js';
import { decode, prefill, tableOf, twoRequests } from './phase-list.js';

const columns = (...lists: readonly (readonly number[])[]) => lists.map((l) => Float64Array.from(l));

describe('compensatedSum', () => {
  it('keeps what a plain sum loses', () => {
    expect(compensatedSum(Float64Array.of(1, 1e100, 1, -1e100))).toBe(2);
    expect(compensatedSum(new Float64Array(0))).toBe(0);
    const tenths = new Float64Array(1_000_000).fill(0.1);
    expect(compensatedSum(tenths)).toBe(100_000);
    expect(tenths.reduce((a, b) => a + b, 0)).not.toAgree(1e5, 1e-13);
  });

  it('is exact on whole numbers in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -(2 ** 40), max: 2 ** 40 })), (list) => {
        const sum = list.reduce((a, b) => a + BigInt(b), 0n);
        expect(compensatedSum(Float64Array.from(list))).toBe(Number(sum));
      }),
    );
  });
});

describe('durationTarget', () => {
  it('is the durations, their mean and the squares about it', () => {
    const { durationSec, meanSec, totalSquares } = durationTarget(
      Float64Array.of(0, 1, 5),
      Float64Array.of(1, 3, 8),
      0,
    );
    expect([...durationSec]).toEqual([1, 2, 3]);
    expect(meanSec).toBe(2);
    expect(totalSquares).toBe(2);
  });

  it('clamps from below', () => {
    const { durationSec, meanSec, totalSquares } = durationTarget(
      Float64Array.of(0, 1, 5),
      Float64Array.of(1, 3, 8),
      2.5,
    );
    expect([...durationSec]).toEqual([2.5, 2.5, 3]);
    expect(meanSec).toAgree(8 / 3, 1e-15);
    expect(totalSquares).toAgree(1 / 6, 1e-12);
  });

  it('sees no variance that rounding of the boundaries could have made', () => {
    // A day since 1970 knows a time to 2.4e-7 s.
    const at = (t: number, extra: number) =>
      durationTarget(Float64Array.of(t, t + 10), Float64Array.of(t + 1, t + 11 + extra), 0).totalSquares;
    expect(at(1.7e9, 0)).toBeUndefined();
    expect(at(1.7e9, 2.4e-7)).toBeUndefined();
    expect(at(1.7e9, 1e-5)).toBeGreaterThan(0);
    expect(at(-1.7e9, 2.4e-7)).toBeUndefined();
    expect(at(0, 1e-12)).toBeGreaterThan(0);
    expect(durationTarget(Float64Array.of(0), Float64Array.of(1), 0).totalSquares).toBeUndefined();
    // The later boundary counts, whichever it is.
    const mixed = durationTarget(Float64Array.of(-1.7e9, 0), Float64Array.of(-1.7e9 + 1, 1 + 2e-7), 0);
    expect(mixed.totalSquares).toBeUndefined();
  });
});

describe('fitDurations', () => {
  const target = durationTarget(new Float64Array(4), Float64Array.of(1, 2, 3, 5), 0);
  const fit = (n: number[], p: number[], d: number[]) =>
    fitDurations((from, to, into) => {
      for (const [j, column] of columns(n, p, d).entries()) into[j]?.set(column.subarray(from, to));
    }, target);

  it('is non-negative least squares, with what it explains', () => {
    // Two columns of ones and zeros: each coefficient is a mean.
    const { beta, r2, rmseSeconds, columnNorms, singularValues } = fit([1, 1, 0, 0], [0, 0, 2, 2], [0, 0, 0, 0]);
    expect(beta).toAgree([1.5, 2, 0], 1e-12);
    expect(rmseSeconds).toAgree(Math.sqrt((0.25 + 0.25 + 1 + 1) / 4), 1e-12);
    expect(r2).toAgree(1 - 2.5 / 8.75, 1e-12);
    expect(columnNorms).toAgree([Math.SQRT2, 2 * Math.SQRT2, 0], 1e-12);
    expect(singularValues).toAgree([1, 1, 0], 1e-12, 1e-15);
  });

  it('measures dependence on columns of length 1', () => {
    const { singularValues } = fit([1, 1, 0, 0], [1000, 0, 0, 0], [0, 0, 1e-3, 0]);
    expect(singularValues).toAgree([Math.sqrt(1 + Math.SQRT1_2), 1, Math.sqrt(1 - Math.SQRT1_2)], 1e-9);
  });
});

describe('step averages', () => {
  const { grid } = traceSignals(tableOf(twoRequests), { chunkSize: 64, minDurationSec: 0 });

  it('are N times the pressure in the mean over the steps of a phase', () => {
    // Boundaries 0 2 3 5 8 9; steps on the segments 1 2 4 1 2.
    const totals = emptyTokenTotals(5);
    addUpTokens(
      Float64Array.of(1, 2, 4, 1, 2),
      Float64Array.of(64, 0, 32, 0, 8),
      Float64Array.of(0, 1, 1, 2, 1),
      totals,
    );
    const [n, p, d] = columns([0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]) as [Float64Array, Float64Array, Float64Array];
    stepAverages(grid, totals, Float64Array.of(2, 6, 1, 4), Float64Array.of(1, 7, 4, 3), 0, 4, n, p, d);
    expect([...n]).toEqual([2, 6, 1, 4]);
    expect([...p]).toAgree([2 * 64, (6 * 128) / 7, 32, (4 * 16) / 3], 1e-14);
    expect([...d]).toAgree([0, (6 * 8) / 7, 1, (4 * 4) / 3], 1e-14);
  });

  it('fill any part of the rows', () => {
    const totals = emptyTokenTotals(5).fill(3);
    addUpTokens(new Float64Array(5).fill(1), new Float64Array(5).fill(10), new Float64Array(5).fill(2), totals);
    const [n, p, d] = columns([0, 0], [0, 0], [0, 0]) as [Float64Array, Float64Array, Float64Array];
    stepAverages(grid, totals, Float64Array.of(2, 6, 1, 4), Float64Array.of(1, 3, 1, 2), 1, 3, n, p, d);
    expect([[...n], [...p], [...d]]).toEqual([
      [6, 1],
      [60, 10],
      [12, 2],
    ]);
  });

  it('keep the digits of a phase behind a segment of far more steps', () => {
    const totals = emptyTokenTotals(5);
    addUpTokens(
      Float64Array.of(1e18, 0.1, 0.7, 0.3, 0.2),
      Float64Array.of(7, 3, 3, 3, 3),
      Float64Array.of(9, 5, 5, 5, 5),
      totals,
    );
    const [n, p, d] = columns([0], [0], [0]) as [Float64Array, Float64Array, Float64Array];
    // A's decode, from 2 to 8: 1.1 steps after a segment of 1e18.
    stepAverages(grid, totals, Float64Array.of(1, 1, 1, 1), Float64Array.of(1, 1.1, 1, 1), 1, 2, n, p, d);
    expect([p[0], d[0]]).toAgree([3, 5], 1e-12);
    // B's, from 5 to 9: half a step after others that rounding took away as well.
    stepAverages(grid, totals, Float64Array.of(1, 1, 1, 1), Float64Array.of(1, 1, 1, 0.5), 3, 4, n, p, d);
    expect([p[0], d[0]]).toAgree([3, 5], 1e-12);
  });
});

describe('a lagged round', () => {
  const rows = (
    phases: ReturnType<typeof tableOf>,
    mode: 'none' | 'end' | 'beta_informed',
    betas: [number, number, number][],
  ) => {
    const signals = traceSignals(phases, { chunkSize: 64, minDurationSec: 0 });
    const round = laggedRounds(signals, mode);
    const [n, p, d] = columns([0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]) as [Float64Array, Float64Array, Float64Array];
    for (const beta of betas) round(beta)(0, 4, [n, p, d]);
    return [[...n], [...p], [...d]] as const;
  };

  it('without a correction averages the full pressures over the steps that the coefficients expect', () => {
    // Step times 1 + 0.01 q + 0.5 n with q = 64 while prefills run: segments of 2 1 2 3 1 s.
    const [n, p, d] = rows(tableOf(twoRequests), 'none', [[1, 0.01, 0.5]]);
    const k = [2 / 1.64, 1 / 1.5, 2 / 2.14, 3 / 2, 1 / 1.5] as const;
    const a = k[1] + k[2] + k[3];
    expect(n).toEqual([2, 6, 1, 4]);
    expect(p).toAgree([128, (6 * 64 * k[2]) / a, 64, 0], 1e-12, 1e-12);
    expect(d).toAgree(
      [0, (6 * (k[1] + k[2] + 2 * k[3])) / a, 1, (4 * (2 * k[3] + k[4])) / (k[3] + k[4])],
      1e-12,
      1e-12,
    );
  });

  it('takes the missing tokens off the segment after a prefill', () => {
    // A lacks 28 tokens of its second chunk, B 4 of its only one: they come off segments 1 (q = 0 already) and 3.
    const [, p] = rows(tableOf(twoRequests), 'end', [[1, 0.01, 0.5]]);
    expect(p).toAgree([128, (6 * 64 * (2 / 2.14)) / (1 / 1.5 + 2 / 2.14 + 1.5), 64, 0], 1e-12, 1e-12);
  });

  it('has no pressure below zero, however many tokens lack', () => {
    const list = [prefill('A', 0, 1, 1), prefill('B', 1, 2, 64), decode('A', 1, 3, 2), decode('B', 2, 4, 2)];
    // A lacks 63 tokens, taken off the segment from 1 to 2, where 5 steps of 64 pass, or half a step.
    const [, many] = rows(tableOf(list), 'end', [[0.2, 0, 0]]);
    expect(many[1]).toAgree(64 - 63 / 5, 1e-12);
    const [, few] = rows(tableOf(list), 'end', [[2, 0, 0]]);
    expect(few[1]).toBe(0);
  });

  it('takes steps of no time for steps of a picosecond', () => {
    const [n, p, d] = rows(tableOf(twoRequests), 'beta_informed', [[0, 0, 0.5]]);
    expect([...n, ...p, ...d].every(Number.isFinite)).toBe(true);
    // Segment 0 decodes nothing: 2e12 steps of 64 tokens, which lack 28 in all.
    expect(128 - p[0]).toAgree(28 / 1e12, 1e-2);
  });
});

describe('options of the published estimators', () => {
  it('have defaults', () => {
    expect(resolvedBaseline({ chunkSize: 64 })).toEqual({ chunkSize: 64, correctionMode: 'end', minDurationSec: 0 });
    expect(resolvedIterative({ chunkSize: 64 })).toEqual({
      chunkSize: 64,
      correctionMode: 'beta_informed',
      initCorrectionMode: 'end',
      minDurationSec: 0,
      maxOuterIters: 25,
      tol: 1e-6,
      dampingEta: 1,
    });
  });

  it('are taken as given, to the ends of their ranges', () => {
    const baseline = { chunkSize: 1e-9, correctionMode: 'none', minDurationSec: 2 } as const;
    expect(resolvedBaseline(baseline)).toEqual(baseline);
    const iterative = {
      chunkSize: 1,
      correctionMode: 'uniform',
      initCorrectionMode: 'none',
      minDurationSec: 1,
      maxOuterIters: 1,
      tol: 0,
      dampingEta: 0.5,
    } as const;
    expect(resolvedIterative(iterative)).toEqual(iterative);
    for (const correctionMode of ['end', 'uniform', 'none', 'beta_informed'] as const) {
      expect(resolvedIterative({ chunkSize: 1, correctionMode }).correctionMode).toBe(correctionMode);
    }
    // What is undefined has not been given.
    expect(resolvedBaseline({ chunkSize: 64, tol: undefined } as BaselineOptions).chunkSize).toBe(64);
  });

  it.each<[object, string]>([
    [{ chunkSize: Number.POSITIVE_INFINITY }, 'chunkSize: must be positive and finite; got Infinity'],
    [{ chunkSize: 0 }, 'chunkSize: must be positive and finite; got 0'],
    [{ chunkSize: '64' }, 'chunkSize: must be positive and finite; got "64"'],
    [{ chunkSize: 64, minDurationSec: Number.NaN }, 'minDurationSec: must be finite and not negative; got NaN'],
    [{ chunkSize: 64, minDurationSec: -1 }, 'minDurationSec: must be finite and not negative; got -1'],
    [{ chunkSize: 64, tol: Number.POSITIVE_INFINITY }, 'tol: must be finite and not negative; got Infinity'],
    [{ chunkSize: 64, dampingEta: Number.NaN }, 'dampingEta: must be above 0 and at most 1; got NaN'],
  ])('%o is out of range', (options, message) => {
    expect(() => resolvedIterative(options as IterativeOptions)).toThrow(
      expect.objectContaining({ code: 'beta-estimators/bad-option', message }),
    );
  });

  it('that do not apply are named with those that do', () => {
    expect(() => resolvedIterative({ chunkSize: 64, window: [1, 2] } as IterativeOptions)).toThrow(
      expect.objectContaining({
        code: 'beta-estimators/option-does-not-apply',
        message:
          'window: must not be given to iterative, which takes chunkSize, correctionMode, initCorrectionMode, minDurationSec, maxOuterIters, tol, dampingEta; got an array of 2',
      }),
    );
  });
});

describe('warnings of a fit', () => {
  const phases = tableOf(twoRequests);
  const fit: DurationFit = {
    beta: [1, 1, 1],
    r2: 0.9,
    rmseSeconds: 0,
    columnNorms: [1, 1, 1],
    singularValues: [1.2, 1, 0.5],
  };
  const messages = (changes: Partial<DurationFit>, table = phases) =>
    fitWarnings(table, { ...fit, ...changes }).map(({ code, message }) => `${code} ${message}`);

  it('say nothing of one that is sound', () => {
    expect(messages({})).toEqual([]);
    expect(messages({}, { ...phases, instanceIds: { length: 1, at: String } })).toEqual([]);
    expect(messages({ singularValues: [1, 1, 2e-10] })).toEqual([]);
  });

  it('name the columns without work', () => {
    expect(messages({ columnNorms: [0, 0, 0], singularValues: [0, 0, 0] })).toEqual(
      ['beta0: no steps', 'beta1: no prefill tokens', 'beta2: no decode tokens'].map(
        (what) => `not-identifiable ${what} in this trace, so it is reported as 0 and not known`,
      ),
    );
  });

  it('name dependence, equal durations and several engines', () => {
    const dependent =
      'not-identifiable steps, prefill tokens and decode tokens are proportional or nearly so in this trace: their coefficients cannot be told apart, only the durations are determined';
    expect(messages({ singularValues: [1, 1, 1e-10] })).toEqual([dependent]);
    expect(messages({ singularValues: [] })).toEqual([dependent]);
    // One column is absent, so the second singular value tells of the other two; of two absent ones nothing is left to depend.
    const absent = 'not-identifiable beta1: no prefill tokens in this trace, so it is reported as 0 and not known';
    const two =
      'not-identifiable steps and decode tokens are proportional or nearly so in this trace: their coefficients cannot be told apart, only the durations are determined';
    expect(messages({ columnNorms: [1, 0, 1], singularValues: [1.4, 1e-10, 0] })).toEqual([absent, two]);
    expect(messages({ columnNorms: [1, 0, 1], singularValues: [1.4, 2e-10, 0] })).toEqual([absent]);
    expect(messages({ columnNorms: [1, 0, 0], singularValues: [1, 0, 0] })).toHaveLength(2);
    expect(messages({ r2: null })).toEqual([
      'r2-undefined all durations are equal, so there is no variance to explain: r2 is null',
    ]);
    expect(messages({ r2: 0 })).toEqual([]);
    expect(messages({}, { ...phases, instanceIds: { length: 3, at: String } })).toEqual([
      'several-instances the trace holds 3 engines, and this estimator takes them for one: their phases press on each other. Estimate each alone, or use step-clock',
    ]);
  });
});

describe('an estimate as a thing', () => {
  const phases = tableOf(twoRequests);

  it('of baseline says what it is and what it was made from', () => {
    const got = estimateBaseline(phases, { chunkSize: 64, correctionMode: 'none' });
    expect(got).toMatchObject({
      algo: 'baseline',
      converged: true,
      iterations: 0,
      options: { chunkSize: 64, correctionMode: 'none', minDurationSec: 0 },
      history: { beta: [], deltaBetaL2: [], r2: [], rmseSeconds: [] },
    });
    // Durations 2 6 2 4, steps 2 6 1 4. Rates 1 1 0.5 1; prefills of 64 run for 2 s each, B's beside A's decode.
    expect(got.diagnostics.n_phases).toBe(4);
    expect(got.diagnostics.mean_duration_seconds).toBe(3.5);
    expect(got.diagnostics.mean_steps).toBe(3.25);
    expect(got.diagnostics.mean_A_pf_tokens).toBe((128 + 128 + 64 + 0) / 4);
    expect(got.diagnostics.mean_A_dec_tokens).toBe((0 + (3 + 6) + 1 + 7) / 4);
  });

  it('of iterative stops at the first move below tol, and not at one that equals it', () => {
    const run = (tol: number) => estimateIterative(phases, { chunkSize: 64, tol, maxOuterIters: 5 });
    const { deltaBetaL2 } = run(0).history;
    expect(deltaBetaL2).toHaveLength(5);
    const second = deltaBetaL2[1];
    const at = run(second);
    const above = run(second * (1 + 1e-12));
    expect(above.iterations).toBe(2);
    expect(above.converged).toBe(true);
    expect(at.iterations).toBeGreaterThan(2);
    expect(above).toMatchObject({ algo: 'iterative', diagnostics: { n_outer_iters: 2, converged: true, n_phases: 4 } });
    expect(above.history.r2).toHaveLength(2);
    expect(above.warnings.map((w) => w.code)).not.toContain('not-converged');
  });

  it('of iterative is damped by eta, in history and result alike', () => {
    const whole = estimateIterative(phases, { chunkSize: 64, maxOuterIters: 1 });
    const half = estimateIterative(phases, { chunkSize: 64, maxOuterIters: 1, dampingEta: 0.25 });
    const [start = []] = whole.history.beta;
    const want = [0, 1, 2].map((j) => 0.75 * start[j] + 0.25 * whole.history.beta[1]?.[j]);
    expect(half.history.beta[1]).toAgree(want, 1e-12);
    expect([half.betas.beta0, half.betas.beta1, half.betas.beta2]).toAgree(want, 1e-12);
    expect(half.history.rmseSeconds).toEqual(whole.history.rmseSeconds);
    expect(half.history.deltaBetaL2[0]).toAgree(0.25 * whole.history.deltaBetaL2[0], 1e-12);
  });

  it('gives its fitted durations: those of the coefficients on its own features', () => {
    const estimate = estimateBaseline(phases, { chunkSize: 64, correctionMode: 'none', minDurationSec: 3 });
    const { measuredSec, fittedSec } = fittedDurations(phases, estimate);
    expect([...measuredSec]).toEqual([3, 6, 3, 4]);
    const { beta0, beta1, beta2 } = estimate.betas;
    // Clamped: rates 2/3, 1, 1/3, 1.
    const design = [
      [2, (2 / 3) * 128, 0],
      [6, 128, 9],
      [1, 128 / 3, 2 / 3],
      [4, 0, 7],
    ] as const;
    expect([...fittedSec]).toAgree(
      design.map(([n, p, d]) => beta0 * n + beta1 * p + beta2 * d),
      1e-12,
    );
  });

  it('leaves the residual that it states, of its last round too', () => {
    for (const estimate of [
      estimateBaseline(phases, { chunkSize: 64 }),
      ...(['none', 'end', 'uniform', 'beta_informed'] as const).map((correctionMode) =>
        estimateIterative(phases, { chunkSize: 64, correctionMode, maxOuterIters: 3 }),
      ),
    ]) {
      const { measuredSec, fittedSec } = fittedDurations(phases, estimate);
      const squares = measuredSec.reduce((sum, t, i) => sum + (t - fittedSec[i]) ** 2, 0);
      const { diagnostics } = estimate;
      const stated = 'rmse_seconds' in diagnostics ? diagnostics.rmse_seconds : diagnostics.final_rmse_seconds;
      expect(stated).toBeGreaterThan(0.01);
      expect(Math.sqrt(squares / 4)).toAgree(stated, 1e-9);
    }
  });
});
