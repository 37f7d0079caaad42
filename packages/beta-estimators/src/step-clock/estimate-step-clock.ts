import { type PhaseTable, requirePrefillTokens } from '@stepclock/trace-io';
import type { EstimateHistory, EstimateWarning } from '../estimate.js';
import type { ClockProblem } from './clock-problem.js';
import { type ClockReport, clockReport } from './clock-report.js';
import type { ClockFit } from './fit-clock.js';
import { fitStepClock } from './fit-step-clock.js';
import { COEFFICIENTS, type Identifiability, identifiability } from './identifiability.js';
import { blockIntervals, type StepClockIntervals } from './intervals.js';
import type { StepBetas, Width } from './row-fit.js';
import { type ResolvedStepClockOptions, resolvedStepClock, type StepClockOptions } from './step-clock-options.js';
import { stepClockWarnings } from './step-clock-warnings.js';

/** Coefficients of a step, seconds; beta3 in the KV-aware model only. */
export interface StepClockBetas {
  readonly beta0: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly beta3?: number;
}

export interface StepClockDiagnostics {
  readonly n_phases: number;
  readonly n_prefills: number;
  readonly n_decodes: number;
  readonly n_clusters: number;
  /** Of the clusters' durations; null where all are equal. */
  readonly r2: number | null;
  readonly rmse_seconds: number;
  readonly mean_step_seconds: number;
  readonly steps: number;
}

export interface StepClockEstimate {
  readonly algo: 'step-clock';
  /** The model that was fitted; `auto` has been decided. */
  readonly model: 'linear' | 'kv';
  readonly options: ResolvedStepClockOptions;
  readonly betas: StepClockBetas;
  /** Null where fewer than 10 blocks of clusters are left. */
  readonly intervals: StepClockIntervals | null;
  readonly identifiability: Identifiability;
  readonly clock: ClockReport;
  readonly converged: boolean;
  readonly iterations: number;
  readonly diagnostics: StepClockDiagnostics;
  readonly history: EstimateHistory;
  readonly warnings: readonly EstimateWarning[];
}

/**
 * The coefficients of an engine step from a trace, by its step clock: all active decodes advance in lock step, so every decode
 * measures one counting function K(t), and the prefill tokens of a stretch are known whatever the chunks were.
 *
 * @param phases one row a phase; times in seconds on any one clock
 * @throws EstimatorError `beta-estimators/no-phases`, `beta-estimators/no-decode-counts`, `beta-estimators/too-few-clusters`,
 *   `beta-estimators/bad-time`, `beta-estimators/no-context`, `beta-estimators/bad-option`
 */
export const estimateStepClock = (phases: PhaseTable, options: StepClockOptions = {}): StepClockEstimate => {
  const resolved = resolvedStepClock(options);
  requirePrefillTokens(phases);
  const chosen = fitStepClock(phases, resolved, options.onProgress);
  const { problem, fit, width } = chosen;
  const { beta, state, rows, weights, rounds } = fit;
  const intervals = blockIntervals(rows, width, weights, beta, resolved.ci) ?? null;
  const converged = fit.converged || withinUncertainty(rounds, intervals);
  const identified = identifiability(problem, state, rows, weights, width, beta, resolved.maxNumBatchedTokens);
  const clock = clockReport(chosen, resolved.maxNumBatchedTokens);
  options.onProgress?.(1);
  return {
    algo: 'step-clock',
    model: width === 4 ? 'kv' : 'linear',
    options: resolved,
    betas: { beta0: beta[0], beta1: beta[1], beta2: beta[2], ...(width === 4 && { beta3: beta[3] }) },
    intervals,
    identifiability: identified,
    clock,
    converged,
    iterations: rounds.length,
    diagnostics: diagnosticsOf(phases, problem, fit),
    history: historyOf(rounds, width, problem.meanStepSec),
    warnings: stepClockWarnings({
      intervals,
      identified,
      clock,
      decodes: problem.columns.decodes.length,
      betas: beta,
      converged,
      meanStepSec: problem.meanStepSec,
      queueInPrefill: resolved.queueInPrefill === 'yes',
      ...(chosen.stretches > 1 && {
        part: {
          stretches: chosen.stretches,
          fitted: problem.columns.prefills.length + problem.columns.decodes.length,
          phases: phases.length,
        },
      }),
    }),
  };
};

/** Whether the last round moved no coefficient by more than a small part of its interval: finer than that nothing can be told. */
const withinUncertainty = (rounds: ClockFit['rounds'], intervals: StepClockIntervals | null): boolean => {
  const [before, last] = rounds.slice(-2);
  if (before === undefined || last === undefined || intervals === null) return false;
  return COEFFICIENTS.every((name, j) => {
    const [low, high] = intervals[name] ?? [0, Number.POSITIVE_INFINITY];
    return Math.abs(last.beta[j] - before.beta[j]) <= SMALL_PART * (high - low);
  });
};

const SMALL_PART = 0.2;

const diagnosticsOf = (
  phases: PhaseTable,
  problem: ClockProblem,
  { rows, rounds, state }: ClockFit,
): StepClockDiagnostics => {
  const steps = rows.steps.reduce((sum, k) => sum + k, 0);
  const seconds = rows.seconds.reduce((sum, s) => sum + s, 0);
  const last = rounds.at(-1);
  return {
    n_phases: phases.length,
    n_prefills: problem.columns.prefills.length,
    n_decodes: problem.columns.decodes.length,
    n_clusters: rows.length,
    r2: last?.noise.r2 ?? null,
    rmse_seconds: last?.noise.rmseSec ?? 0,
    mean_step_seconds: steps > 0 ? seconds / steps : problem.meanStepSec,
    steps: state.steps.reduce((sum, k) => sum + k, 0),
  };
};

const historyOf = (rounds: ClockFit['rounds'], width: Width, meanStepSec: number): EstimateHistory => {
  const start: StepBetas = [meanStepSec, 0, 0, 0];
  const beta = [start, ...rounds.map((round) => round.beta)].map((b) => b.slice(0, width));
  return {
    beta,
    deltaBetaL2: rounds.map((_, m) => Math.hypot(...(beta[m + 1] ?? []).map((b, i) => b - (beta[m]?.[i] ?? 0)))),
    r2: rounds.map((round) => round.noise.r2),
    rmseSeconds: rounds.map((round) => round.noise.rmseSec),
  };
};
