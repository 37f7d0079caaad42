import '@stepclock/vitest-matchers';
import type { Betas } from '@stepclock/step-cost';
import { describe, expect, it } from 'vitest';
import { estimateBaseline, estimateIterative } from '../src/index.js';
import { goldenTraces, tableOf } from './golden-trace.js';

/** Agreement with the published implementation that the project asks for. */
const RTOL = 1e-9;

const traces = goldenTraces();

it('has 151 runs over 11 traces', () => {
  expect(traces).toHaveLength(11);
  expect(traces.flatMap((t) => t.cases)).toHaveLength(151);
});

describe.each(traces.map((t) => [t.name, t] as const))('%s', (_, { phases, cases }) => {
  const table = tableOf(phases);
  it.each(cases.map((c, i) => [`${i} ${c.algo} ${c.correction_mode} C=${c.chunk_size}`, c] as const))(
    '%s',
    (__, golden) => {
      const size = Math.hypot(...golden.beta);
      // Coefficients at the bound of zero compare absolutely.
      const betas = (got: Betas) => expect([got.beta0, got.beta1, got.beta2]).toAgree(golden.beta, RTOL, 1e-15 * size);
      if (golden.algo === 'baseline') {
        const { chunk_size: chunkSize, correction_mode: correctionMode, min_duration_sec: minDurationSec } = golden;
        const got = estimateBaseline(table, { chunkSize, correctionMode, minDurationSec });
        betas(got.betas);
        expect(Object.keys(got.diagnostics).sort()).toEqual(Object.keys(golden.diagnostics).sort());
        for (const [name, value] of Object.entries(golden.diagnostics)) {
          expect(got.diagnostics[name as keyof typeof got.diagnostics], name).toAgree(value, RTOL);
        }
        return;
      }
      const got = estimateIterative(table, {
        chunkSize: golden.chunk_size,
        correctionMode: golden.correction_mode,
        initCorrectionMode: golden.init_correction_mode,
        maxOuterIters: golden.max_outer_iters,
        tol: golden.tol,
        dampingEta: golden.damping_eta,
      });
      expect({ converged: got.converged, rounds: got.iterations }).toEqual({
        converged: golden.converged,
        rounds: golden.n_outer_iters,
      });
      betas(got.betas);
      for (const [m, beta] of golden.beta_history.entries()) {
        expect(got.history.beta[m]).toAgree(beta, RTOL, 1e-15 * size);
      }
      expect(got.history.beta).toHaveLength(golden.beta_history.length);
      expect(got.history.deltaBetaL2).toAgree(golden.delta_beta_l2, 0, RTOL * size);
      expect(got.history.rmseSeconds).toAgree(golden.rmse_seconds, RTOL);
      expect(got.history.r2).toHaveLength(golden.n_outer_iters);
      expect(Object.keys(got.diagnostics).sort()).toEqual(Object.keys(golden.diagnostics).sort());
      for (const [name, value] of Object.entries(golden.diagnostics)) {
        const mine = got.diagnostics[name as keyof typeof got.diagnostics];
        if (typeof value === 'boolean') expect(mine, name).toBe(value);
        else expect(mine, name).toAgree(value, RTOL, name.includes('beta') ? RTOL * size : 0);
      }
    },
  );
});
