import '@stepclock/vitest-matchers';
import { seededRandom, shuffled } from '@stepclock/numerics';
import type { Betas } from '@stepclock/step-cost';
import type { PhaseTable } from '@stepclock/trace-io';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateBaseline, estimateIterative, fittedDurations } from '../src/index.js';
import { independent, plainPublished } from './plain-published.js';
import { anyTrace, niceTrace, reordered, retimed } from './random-trace.js';

const chunkSize = fc.constantFrom(1, 7, 64, 128, 333, 5000);
const staticMode = fc.constantFrom('end' as const, 'uniform' as const, 'none' as const);
const anyMode = fc.constantFrom('end' as const, 'uniform' as const, 'none' as const, 'beta_informed' as const);
const list = ({ beta0, beta1, beta2 }: Betas) => [beta0, beta1, beta2];
const apart = (a: readonly number[], b: readonly number[]): number => Math.hypot(...a.map((v, k) => v - b[k]));
const MODES = ['end', 'uniform', 'none', 'beta_informed'] as const;

describe('the fast estimators equal the slow, plain ones', () => {
  it('baseline', () => {
    fc.assert(
      fc.property(anyTrace, chunkSize, staticMode, fc.constantFrom(0, 0.5, 3), (phases, C, mode, minDuration) => {
        const plain = plainPublished(phases, { chunk: C, minDuration, init: mode, rounds: 0 });
        const got = estimateBaseline(phases, { chunkSize: C, correctionMode: mode, minDurationSec: minDuration });
        expect(got.diagnostics.rmse_seconds).toAgree(plain.rmse[0], 1e-9, 1e-12);
        if (got.diagnostics.r2 !== null) expect(got.diagnostics.r2).toAgree(plain.r2[0], 1e-9, 1e-9);
        if (got.warnings.length === 0) expect(list(got.betas)).toAgree(plain.beta[0], 1e-8, 1e-11);
      }),
      { numRuns: 60 },
    );
  });

  it('iterative', () => {
    fc.assert(
      fc.property(anyTrace, chunkSize, anyMode, staticMode, fc.constantFrom(1, 0.5), (phases, C, mode, init, eta) => {
        const run = { chunk: C, init, mode, eta, rounds: 3 };
        const plain = plainPublished(phases, run);
        fc.pre(plain.designs.every(independent));
        // The rounds can blow rounding up (a pressure that nearly cancels, a design that is not unique): such a trace has no
        // answer to compare. A change of the times in the thirteenth digit tells.
        const near = plainPublished(
          retimed(phases, (t) => t * (1 + 1e-13)),
          run,
        );
        fc.pre(near.beta.length === plain.beta.length);
        fc.pre(near.beta.every((beta, m) => apart(beta, plain.beta[m]) < 1e-9 * Math.hypot(...beta)));
        const got = estimateIterative(phases, {
          chunkSize: C,
          correctionMode: mode,
          initCorrectionMode: init,
          dampingEta: eta,
          maxOuterIters: 3,
        });
        const size = Math.hypot(...plain.beta[0]);
        expect(got.iterations).toBe(plain.delta.length);
        for (const [m, beta] of plain.beta.entries()) expect(got.history.beta[m]).toAgree(beta, 1e-8, 1e-8 * size);
        expect(got.history.rmseSeconds).toAgree(plain.rmse.slice(1), 1e-8, 1e-10);
        expect(got.history.deltaBetaL2).toAgree(plain.delta, 0, 1e-8 * size);
      }),
      { numRuns: 60 },
    );
  });
});

describe('laws of the published estimators', () => {
  const both = (phases: PhaseTable, C = 64): number[] => [
    ...list(estimateBaseline(phases, { chunkSize: C }).betas),
    ...MODES.flatMap((correctionMode) =>
      list(estimateIterative(phases, { chunkSize: C, correctionMode, maxOuterIters: 6, tol: 0 }).betas),
    ),
  ];

  it('shifting time changes nothing', () => {
    fc.assert(
      fc.property(niceTrace, fc.constantFrom(-512, 4096, 2 ** 31), (phases, shift) => {
        // Times to a millionth of a power of two: the shift itself then rounds nothing.
        const round = (t: number): number => Math.round(t * 2 ** 20) / 2 ** 20;
        const plain = retimed(phases, round);
        expect(both(retimed(plain, (t) => t + shift))).toEqual(both(plain));
      }),
      { numRuns: 30 },
    );
  });

  it('stretching time by c scales every beta by c', () => {
    fc.assert(
      fc.property(niceTrace, fc.constantFrom(1e-3, 0.7, 60, 1e3), (phases, c) => {
        expect(both(retimed(phases, (t) => t * c))).toAgree(
          both(phases).map((b) => b * c),
          1e-8,
          1e-12 * c,
        );
      }),
      { numRuns: 30 },
    );
  });

  it('fitted durations leave the residual that the estimate states', () => {
    fc.assert(
      fc.property(anyTrace, chunkSize, anyMode, (phases, C, correctionMode) => {
        const iterative = estimateIterative(phases, { chunkSize: C, correctionMode, maxOuterIters: 4 });
        const baseline = estimateBaseline(phases, { chunkSize: C, minDurationSec: 0.5 });
        for (const [estimate, rmse] of [
          [iterative, iterative.diagnostics.final_rmse_seconds],
          [baseline, baseline.diagnostics.rmse_seconds],
        ] as const) {
          const { measuredSec, fittedSec } = fittedDurations(phases, estimate);
          const squares = measuredSec.reduce((sum, t, i) => sum + (t - fittedSec[i]) ** 2, 0);
          expect(Math.sqrt(squares / phases.length)).toAgree(rmse, 1e-9, 1e-12);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('the order of the rows does not matter', () => {
    fc.assert(
      fc.property(niceTrace, fc.integer(), (phases, seed) => {
        const moved = reordered(phases, shuffled(phases.length, seededRandom(seed)));
        expect(both(moved)).toAgree(both(phases), 1e-9, 1e-13);
      }),
      { numRuns: 30 },
    );
  });

  it('coefficients are never negative, and no number is NaN or infinite', () => {
    fc.assert(
      fc.property(anyTrace, chunkSize, anyMode, (phases, C, correctionMode) => {
        const got = estimateIterative(phases, { chunkSize: C, correctionMode });
        expect(list(got.betas).every((b) => b >= 0 && b < Number.POSITIVE_INFINITY)).toBe(true);
        const numbers = JSON.stringify([got, estimateBaseline(phases, { chunkSize: C })], (_, v) =>
          typeof v === 'number' && !Number.isFinite(v) ? 'not finite' : v,
        );
        expect(numbers).not.toContain('not finite');
      }),
      { numRuns: 60 },
    );
  });
});
