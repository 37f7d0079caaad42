import { compensatedSum } from '@stepclock/numerics';
import {
  type Betas,
  betasOf,
  fitWindows,
  type Identifiability,
  type RowTable,
  rowBlocks,
  type StepWindow,
  type Term,
  type WindowsFit,
  windowsOf,
  windowsOn,
} from '@stepclock/step-cost';
import { type PhaseTable, requirePrefillTokens } from '@stepclock/trace-io';
import type { EstimateHistory, EstimateWarning } from '../../estimate.js';
import { readsContext } from '../fit/exact-policy.js';
import { evenStart } from '../fit/fit-clock.js';
import { fitStepClock, type TraceFit } from '../fit/fit-step-clock.js';
import { type ResolvedStepClockOptions, resolvedStepClock, type StepClockOptions } from '../fit/step-clock-options.js';
import { type ClockReport, clockReport } from './clock-report.js';
import { type Compositions, compositions } from './compositions.js';
import { stepClockWarnings, type WarningEvidence } from './step-clock-warnings.js';

/** Intervals of the coefficients, by label, s. */
export interface StepClockIntervals {
  readonly level: number;
  /** Null where nothing tells of a coefficient. */
  readonly byLabel: Readonly<Record<string, readonly [number, number] | null>>;
  /** In the order of the terms. */
  readonly covariance: readonly (readonly number[])[];
  /** Blocks that were left out in turn. */
  readonly blocks: number;
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
  /** What was fitted; `auto` has been decided. `terms`: a list that was asked for. */
  readonly model: 'linear' | 'kv' | 'terms';
  /** The terms of the cost, in the order of everything that has one value a term. */
  readonly terms: readonly Term[];
  readonly options: ResolvedStepClockOptions;
  readonly betas: Betas;
  /** Null where fewer than 10 blocks of clusters are left. */
  readonly intervals: StepClockIntervals | null;
  /** The blocks of rows that were fitted, as sums: any part of the trace can be fitted again, and added to others of its engine. */
  readonly windows: readonly StepWindow[];
  readonly identifiability: Identifiability & { readonly compositions: Compositions };
  readonly clock: ClockReport;
  readonly converged: boolean;
  readonly iterations: number;
  readonly diagnostics: StepClockDiagnostics;
  readonly history: EstimateHistory;
  readonly warnings: readonly EstimateWarning[];
}

/** Blocks of rows that are left out in turn: most, so that each still outlasts what correlates. */
const MOST_BLOCKS = 40;

/**
 * The coefficients of an engine step from a trace, by its step clock: all active decodes advance in lock step, so every decode
 * measures one counting function K(t), and the prefill tokens of a stretch are known whatever the chunks were.
 *
 * @param phases one row a phase; times in seconds on any one clock
 * @throws Fault `beta-estimators/no-phases`, `beta-estimators/no-decode-counts`, `beta-estimators/too-few-clusters`,
 *   `beta-estimators/bad-time`, `beta-estimators/no-context`, `beta-estimators/bad-option`, `step-cost/unknown-term`
 */
export const estimateStepClock = (phases: PhaseTable, options: StepClockOptions = {}): StepClockEstimate => {
  const resolved = resolvedStepClock(options);
  requirePrefillTokens(phases);
  const trace = fitStepClock(phases, resolved, options.onProgress);
  const { problem, fit } = trace;
  const { rows, weights, coefficients: last } = fit;
  // Rows that take no part must not make blocks of their own.
  const kept = rows.steps.map((k, i) => (weights[i] > 0 ? k : 0));
  const blocks = rowBlocks({ length: rows.length, steps: kept }, MOST_BLOCKS);
  const windows = windowsOf(rows, weights, last, blocks).filter((window) => window.rows > 0);
  const regression = fitWindows(windows, { level: resolved.ci });
  const terms = regression.of.map((t) => fit.terms[t]);
  const coefficients = Float64Array.from(regression.of, (t) => regression.coefficients[t]);
  const intervals = intervalsOf(regression, terms);
  const converged = fit.still || (resolved.isDefaultTol && hasComeToRest(trace, intervals));
  const identified = {
    ...regression.identifiability,
    compositions: compositions(problem, fit.state, resolved.maxNumBatchedTokens ?? Number.POSITIVE_INFINITY),
  };
  const betas = betasOf(terms, coefficients);
  const clock = clockReport(trace, resolved.maxNumBatchedTokens);
  options.onProgress?.(1);
  return {
    algo: 'step-clock',
    model: resolved.context === 'asked' && resolved.model === 'auto' ? 'terms' : readsContext(terms) ? 'kv' : 'linear',
    terms,
    options: resolved,
    betas,
    intervals,
    windows: windowsOn(windows, regression.of),
    identifiability: identified,
    clock,
    converged,
    iterations: fit.rounds.length,
    diagnostics: diagnosticsOf(phases, trace),
    history: historyOf(trace),
    warnings: stepClockWarnings({
      terms,
      intervals,
      identified,
      clock,
      decodes: problem.columns.decodes.length,
      betas,
      converged,
      meanStepSec: problem.meanStepSec,
      shareOf: shareOf(fit.rows, terms),
      queueInPrefill: resolved.queueInPrefill === 'yes',
      ...(trace.stretches > 1 && {
        part: {
          stretches: trace.stretches,
          fitted: problem.columns.prefills.length + problem.columns.decodes.length,
          phases: phases.length,
        },
      }),
    }),
  };
};

/** Share of all measured time that a term takes at a coefficient. */
const shareOf = ({ terms, sums, seconds }: RowTable, of: readonly Term[]): WarningEvidence['shareOf'] => {
  const measured = compensatedSum(seconds);
  const held = new Map(of.map((term) => [term.label, compensatedSum(sums[terms.indexOf(term)])]));
  return (label, coefficient) => (coefficient * (held.get(label) ?? 0)) / measured;
};

const intervalsOf = ({ intervals, of }: WindowsFit, terms: readonly Term[]): StepClockIntervals | null => {
  if (intervals === null) return null;
  const { level, byTerm, covariance, windows } = intervals;
  const p = byTerm.length;
  return {
    level,
    byLabel: Object.fromEntries(terms.map(({ label }, k) => [label, byTerm[of[k]]])),
    covariance: of.map((i) => of.map((j) => covariance[i * p + j])),
    blocks: windows,
  };
};

/** Without a given `tol`: a move of the last round below this counts as rest, ... */
const STILL = 5e-3;
/** ... and so does one by a small part of the interval: finer than that nothing can be told. */
const SMALL_PART = 0.2;

const hasComeToRest = ({ fit: { rounds, terms } }: TraceFit, intervals: StepClockIntervals | null): boolean => {
  const [before, last] = rounds.slice(-2);
  if (before === undefined || last === undefined) return false;
  if (last.change < STILL) return true;
  return (
    intervals !== null &&
    terms.every(({ label }, t) => {
      const [low, high] = intervals.byLabel[label] ?? [0, Number.POSITIVE_INFINITY];
      return Math.abs(last.coefficients[t] - before.coefficients[t]) <= SMALL_PART * (high - low);
    })
  );
};

const diagnosticsOf = (
  phases: PhaseTable,
  { problem, fit: { rows, rounds, state } }: TraceFit,
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

const historyOf = ({ problem, fit: { rounds, terms } }: TraceFit): EstimateHistory => {
  const start = evenStart(terms, problem.meanStepSec).coefficients;
  const beta = [start, ...rounds.map(({ coefficients }) => coefficients)].map((b) => Array.from(b));
  return {
    beta,
    deltaBetaL2: rounds.map((_, m) => Math.hypot(...beta[m + 1].map((b, t) => b - beta[m][t]))),
    r2: rounds.map(({ noise }) => noise.r2),
    rmseSeconds: rounds.map(({ noise }) => noise.rmseSec),
  };
};
