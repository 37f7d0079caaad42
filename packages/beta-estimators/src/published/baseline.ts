import { compensatedSum } from '@stepclock/numerics';
import { type Exposures, exposures, type StaticCorrectionMode, staticCorrection } from '@stepclock/overlap-pressure';
import type { Betas, Term } from '@stepclock/step-cost';
import type { PhaseTable } from '@stepclock/trace-io';
import type { EstimateHistory, EstimateWarning } from '../estimate.js';
import { type DurationFit, fitDurations } from './duration-fit.js';
import { type BaselineOptions, resolvedBaseline } from './published-options.js';
import { PUBLISHED_TERMS } from './published-terms.js';
import { fitWarnings } from './published-warnings.js';
import { type TraceSignals, traceSignals } from './trace-signals.js';

export interface BaselineDiagnostics {
  readonly n_phases: number;
  readonly r2: number | null;
  readonly rmse_seconds: number;
  readonly mean_duration_seconds: number;
  readonly mean_steps: number;
  readonly mean_A_pf_tokens: number;
  readonly mean_A_dec_tokens: number;
}

export interface BaselineEstimate {
  readonly algo: 'baseline';
  readonly options: Required<BaselineOptions>;
  /** beta0 to beta2. */
  readonly terms: readonly Term[];
  readonly betas: Betas;
  /** Always true: one regression, no rounds. */
  readonly converged: true;
  readonly iterations: 0;
  readonly diagnostics: BaselineDiagnostics;
  readonly history: EstimateHistory;
  readonly warnings: readonly EstimateWarning[];
}

/** The baseline's design as columns: steps, and the tokens that the engine processed during each phase. */
export const baselineExposures = (signals: TraceSignals, mode: StaticCorrectionMode): Exposures => {
  const { grid, steps, missing, pressures, target } = signals;
  const density = steps.map((count, i) => count / target.durationSec[i]);
  return exposures(grid, pressures, staticCorrection(mode, grid, missing), density);
};

/** The baseline's regression. */
export const fitBaseline = ({ steps, target }: TraceSignals, { prefillTokens, decodeTokens }: Exposures): DurationFit =>
  fitDurations((from, to, [n, prefill, decode]) => {
    n?.set(steps.subarray(from, to));
    prefill?.set(prefillTokens.subarray(from, to));
    decode?.set(decodeTokens.subarray(from, to));
  }, target);

/**
 * The published baseline estimator: each phase's steps are spread evenly over it, `lambda_i = N_i / T_i`, and durations are
 * regressed on steps and on the tokens that the engine then processed, `T ~ beta0 N + beta1 A_pf + beta2 A_dec`, betas >= 0.
 *
 * It assumes that every active prefill fills a chunk of its own in every step. Where an engine shares one token budget among
 * prefills, beta1 comes out several times too small while r2 stays near 1: see step-clock.
 *
 * @throws Fault for options out of range or not of baseline; Fault for phases that are none
 *
 * @example
 * estimateBaseline(phases, { chunkSize: 64, correctionMode: 'uniform' }).betas;
 * // on the four-phase example => { beta0: 0, beta1: 0.014338, beta2: 0.515229 }
 */
export const estimateBaseline = (phases: PhaseTable, options: BaselineOptions): BaselineEstimate => {
  const resolved = resolvedBaseline(options);
  const signals = traceSignals(phases, resolved);
  const exposed = baselineExposures(signals, resolved.correctionMode);
  const fit = fitBaseline(signals, exposed);
  const [beta0, beta1, beta2] = fit.beta;
  const n = phases.length;
  return {
    algo: 'baseline',
    options: resolved,
    terms: PUBLISHED_TERMS,
    betas: { beta0, beta1, beta2 },
    converged: true,
    iterations: 0,
    diagnostics: {
      n_phases: n,
      r2: fit.r2,
      rmse_seconds: fit.rmseSeconds,
      mean_duration_seconds: signals.target.meanSec,
      mean_steps: compensatedSum(signals.steps) / n,
      mean_A_pf_tokens: compensatedSum(exposed.prefillTokens) / n,
      mean_A_dec_tokens: compensatedSum(exposed.decodeTokens) / n,
    },
    history: { beta: [], deltaBetaL2: [], r2: [], rmseSeconds: [] },
    warnings: fitWarnings(phases, fit),
  };
};
