import { compensatedSum } from '@stepclock/numerics';
import type { Betas, Term } from '@stepclock/step-cost';
import type { PhaseTable } from '@stepclock/trace-io';
import type { EstimateHistory, EstimateWarning } from '../estimate.js';
import { baselineExposures, fitBaseline } from './baseline.js';
import { type BetaTriple, type DurationFit, fitDurations } from './duration-fit.js';
import { laggedRounds } from './lagged-round.js';
import { type IterativeOptions, resolvedIterative } from './published-options.js';
import { PUBLISHED_TERMS } from './published-terms.js';
import { fitWarnings } from './published-warnings.js';
import { type TraceSignals, traceSignals } from './trace-signals.js';

export interface IterativeDiagnostics {
  readonly converged: boolean;
  readonly n_outer_iters: number;
  readonly tol: number;
  readonly damping_eta: number;
  readonly init_beta0: number;
  readonly init_beta1: number;
  readonly init_beta2: number;
  readonly final_beta0: number;
  readonly final_beta1: number;
  readonly final_beta2: number;
  readonly final_r2: number | null;
  readonly final_rmse_seconds: number;
  readonly final_delta_beta_l2: number;
  readonly mean_steps: number;
  readonly mean_duration_seconds: number;
  readonly n_phases: number;
}

export interface IterativeEstimate {
  readonly algo: 'iterative';
  readonly options: Required<IterativeOptions>;
  /** beta0 to beta2. */
  readonly terms: readonly Term[];
  readonly betas: Betas;
  /** Whether the last step of the coefficients was shorter than `tol`. */
  readonly converged: boolean;
  readonly iterations: number;
  readonly diagnostics: IterativeDiagnostics;
  readonly history: EstimateHistory;
  readonly warnings: readonly EstimateWarning[];
}

/** Where the rounds ended. */
interface Rounds {
  readonly start: BetaTriple;
  readonly beta: BetaTriple;
  readonly converged: boolean;
  /** The last round's regression, before damping. */
  readonly fit: DurationFit;
  readonly history: EstimateHistory;
}

/** Runs the rounds on signals. */
const iterate = (signals: TraceSignals, options: Required<IterativeOptions>): Rounds => {
  const { correctionMode, initCorrectionMode, maxOuterIters, tol, dampingEta } = options;
  const round = laggedRounds(signals, correctionMode);
  const start = fitBaseline(signals, baselineExposures(signals, initCorrectionMode));
  let fit = start;
  let beta = start.beta;
  let converged = false;
  const betas: BetaTriple[] = [beta];
  const deltas: number[] = [];
  const fits: DurationFit[] = [];
  while (!converged && fits.length < maxOuterIters) {
    fit = fitDurations(round(beta), signals.target);
    const next = damped(beta, fit.beta, dampingEta);
    const delta = Math.hypot(next[0] - beta[0], next[1] - beta[1], next[2] - beta[2]);
    beta = next;
    converged = delta < tol;
    betas.push(beta);
    deltas.push(delta);
    fits.push(fit);
  }
  const history = {
    beta: betas,
    deltaBetaL2: deltas,
    r2: fits.map(({ r2 }) => r2),
    rmseSeconds: fits.map(({ rmseSeconds }) => rmseSeconds),
  };
  return { start: start.beta, beta, converged, fit, history };
};

const damped = (from: BetaTriple, to: BetaTriple, eta: number): BetaTriple => [
  (1 - eta) * from[0] + eta * to[0],
  (1 - eta) * from[1] + eta * to[1],
  (1 - eta) * from[2] + eta * to[2],
];

/**
 * The published iterative estimator (majorise-minimise): step times from the coefficients so far tell how each phase's
 * steps are spread over time, step-averaged pressures give a new regression, and so on until the coefficients stand still.
 *
 * It assumes, as baseline does, that every active prefill fills a chunk of its own in every step: within a percent or two
 * where that holds, beta1 off by 17 to 75 % where prefills share a token budget, with r2 near 1 in both cases.
 *
 * @throws Fault for options out of range or not of iterative; Fault for phases that are none
 *
 * @example
 * estimateIterative(phases, { chunkSize: 64 }).betas;
 * // on the four-phase example => { beta0: 0, beta1: 0.016305, beta2: 0.566230 }, converged after 7 rounds
 */
export const estimateIterative = (phases: PhaseTable, options: IterativeOptions): IterativeEstimate => {
  const resolved = resolvedIterative(options);
  const signals = traceSignals(phases, resolved);
  const { start, beta, converged, fit, history } = iterate(signals, resolved);
  const iterations = history.deltaBetaL2.length;
  const delta = history.deltaBetaL2[iterations - 1];
  const warnings = fitWarnings(phases, fit);
  if (!converged) {
    warnings.push({
      code: 'not-converged',
      message: `the coefficients still moved by ${delta.toPrecision(3)} in the last of ${iterations} rounds (tol ${resolved.tol})`,
    });
  }
  return {
    algo: 'iterative',
    options: resolved,
    terms: PUBLISHED_TERMS,
    betas: { beta0: beta[0], beta1: beta[1], beta2: beta[2] },
    converged,
    iterations,
    diagnostics: {
      converged,
      n_outer_iters: iterations,
      tol: resolved.tol,
      damping_eta: resolved.dampingEta,
      init_beta0: start[0],
      init_beta1: start[1],
      init_beta2: start[2],
      final_beta0: beta[0],
      final_beta1: beta[1],
      final_beta2: beta[2],
      final_r2: fit.r2,
      final_rmse_seconds: fit.rmseSeconds,
      final_delta_beta_l2: delta,
      mean_steps: compensatedSum(signals.steps) / phases.length,
      mean_duration_seconds: signals.target.meanSec,
      n_phases: phases.length,
    },
    history,
    warnings,
  };
};
