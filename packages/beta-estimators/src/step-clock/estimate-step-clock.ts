import type { PhaseTable } from '@stepclock/trace-io';
import type { EstimateHistory, EstimateWarning } from '../estimate.js';
import { EstimatorError } from '../estimator-error.js';
import { type ChosenFit, chosenFit } from './chosen-fit.js';
import { type ClockProblem, clockProblem } from './clock-problem.js';
import { type ClockReport, clockReport } from './clock-report.js';
import { type ClockFit, fitClock } from './fit-clock.js';
import { COEFFICIENTS, type Identifiability, identifiability } from './identifiability.js';
import { blockIntervals, type StepClockIntervals } from './intervals.js';
import type { StepBetas, Width } from './row-fit.js';
import { fittedWindows, MOST_PHASES, sampleWindows } from './sample-windows.js';
import { type ResolvedStepClockOptions, resolvedStepClock, type StepClockOptions } from './step-clock-options.js';
import { stepClockWarnings } from './step-clock-warnings.js';
import { traceColumns, WHOLE_TRACE } from './trace-columns.js';

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
    return Math.abs((last.beta[j] as number) - (before.beta[j] as number)) <= SMALL_PART * (high - low);
  });
};

const SMALL_PART = 0.2;

/** A sample need not be fitted more finely than the whole trace will be. */
const SAMPLE_TOL = 5e-4;
const FULL_ROUNDS = 2;
const FULL_TOL = 1e-3;

/** Fits by the options that asked for them, as long as memory lasts: an estimate's details need not fit a second time. */
const fitted = new WeakMap<
  ResolvedStepClockOptions,
  WeakRef<{ readonly phases: PhaseTable; readonly fit: TraceFit }>
>();

/** A fit, and on how many stretches of the trace: one where it is the whole. */
interface TraceFit extends ChosenFit {
  readonly stretches: number;
}

/** Fits the clock, or gives the fit that the same phases and options object had before. Of more phases than `most`, stretches are fitted. */
export const fitStepClock = (
  phases: PhaseTable,
  options: ResolvedStepClockOptions,
  onProgress?: (share: number) => void,
  most = MOST_PHASES,
): TraceFit => {
  const before = fitted.get(options)?.deref();
  if (before?.phases === phases) return before.fit;
  const fit = freshFit(phases, options, onProgress, most);
  fitted.set(options, new WeakRef({ phases, fit }));
  return fit;
};

/** Fits the clock: on a sample first where the trace is long, both models where the choice is open. */
const freshFit = (
  phases: PhaseTable,
  { model, window, tol, maxOuterIters }: ResolvedStepClockOptions,
  onProgress: ((share: number) => void) | undefined,
  most: number,
): TraceFit => {
  const within = window ?? WHOLE_TRACE;
  const windows = sampleWindows(phases, within);
  const all = fittedWindows(phases, within, most);
  const fittedFirst = windows ?? all;
  const first = checkedProblem(phases, fittedFirst);
  const settings = { tol: windows === undefined ? tol : Math.max(tol, SAMPLE_TOL), maxRounds: maxOuterIters };
  const chosen = chosenFit(first, model, settings);
  onProgress?.(windows === undefined ? 0.9 : 0.3);
  // Where counts give way the sample stands: the loose clock is not made for a million phases.
  if (windows === undefined || chosen.stretched.length > 0) return { ...chosen, stretches: fittedFirst.length };

  const problem = clockProblem(traceColumns(phases, all));
  onProgress?.(0.5);
  const sampled = chosen.fit.rounds.at(-1);
  const fit = fitClock(problem, {
    width: chosen.width,
    tol: Math.max(tol, FULL_TOL),
    maxRounds: Math.min(maxOuterIters, FULL_ROUNDS),
    ...(sampled && { from: sampled, mayRound: sampled.whole }),
  });
  onProgress?.(0.9);
  const whole = { ...fit, rounds: [...chosen.fit.rounds, ...fit.rounds] };
  return { ...chosen, problem, fit: whole, exact: whole, stretches: all.length };
};

const LEAST_CLUSTERS = 4;

const checkedProblem = (phases: PhaseTable, windows: Parameters<typeof traceColumns>[1]): ClockProblem => {
  const columns = traceColumns(phases, windows);
  const { prefills, decodes } = columns;
  if (prefills.length + decodes.length === 0) {
    throw new EstimatorError('beta-estimators/no-phases', 'phases: at least one with tokens is needed; got none');
  }
  if (!decodes.cut.includes(0)) {
    throw new EstimatorError(
      'beta-estimators/no-decode-counts',
      `decodes: the step clock counts the steps of whole decode phases, and needs at least one; got ${prefills.length} prefills and ${decodes.length} decodes, none whole`,
    );
  }
  const problem = clockProblem(columns);
  if (problem.groups.length < LEAST_CLUSTERS) {
    throw new EstimatorError(
      'beta-estimators/too-few-clusters',
      `phases: must fall into at least ${LEAST_CLUSTERS} stretches between prefills to regress on, as those of a dozen requests do; got ${problem.groups.length}`,
    );
  }
  return problem;
};

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
