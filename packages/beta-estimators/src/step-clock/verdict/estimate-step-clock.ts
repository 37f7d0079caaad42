import {
  BASE_TERMS,
  type Betas,
  betasOf,
  type Identifiability,
  type StepWindow,
  type Term,
  type WindowsFit,
  windowsOn,
} from '@stepclock/step-cost';
import { type PhaseTable, requirePrefillTokens } from '@stepclock/trace-io';
import type { EstimateHistory, EstimateWarning } from '../../estimate.js';
import {
  type CrossCheck,
  clocklessCheck,
  clocklessIntervals,
  crossCheckWarnings,
  standsIn,
} from '../clockless/cross-check.js';
import { OF_CLIENTS, OVERHEAD } from '../fit/cost-columns.js';
import { type ResolvedStepClockOptions, resolvedStepClock, type StepClockOptions } from '../fit/step-clock-options.js';
import type { TraceFit } from '../fit/trace-fit.js';
import { fitWithPolicy, policyWarnings } from '../prompts/fit-with-policy.js';
import { PromptTally } from '../prompts/prompt-tally.js';
import { promptWarnings } from '../prompts/prompt-warnings.js';
import { readsContext } from '../rows/decode-context.js';
import { timeUnitSec } from '../trace/time-unit.js';
import type { TraceColumns } from '../trace/trace-columns.js';
import { type ClockReport, ClockTally } from './clock-report.js';
import { type BatchSteps, type Compositions, CompositionTally } from './compositions.js';
import { type FitVerdict, fitVerdict, withoutClock } from './fit-verdict.js';
import { namedRows, type Oddities, oddityWarnings } from './oddities.js';
import { reaching, type StepClockIntervals } from './step-clock-intervals.js';
import { stepClockWarnings, type WarningEvidence } from './step-clock-warnings.js';
import { stepWithDecodes } from './step-with-decodes.js';
import { unsettledIntervals } from './unsettled-intervals.js';
import { type WindowReport, windowReports } from './window-reports.js';

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

export interface StepClockEstimate extends Oddities {
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
  /** What lies between a client and the engine, s a start; only where a client's clock told starts on an idle engine. */
  readonly overhead?: { readonly seconds: number; readonly interval: readonly [number, number] | null };
  /** Tokens of every prompt beyond those that the log counts, by which prompts were shifted; absent where they were not. */
  readonly promptOffsetTokens?: number;
  /** What a step holds; present where the engine prefills first. */
  readonly policy?: 'prefill-first';
  readonly identifiability: Identifiability & {
    readonly compositions: Compositions;
    readonly batches: readonly BatchSteps[];
  };
  readonly clock: ClockReport;
  /** What the trace was cut into, in the order of time. */
  readonly byWindow: readonly WindowReport[];
  readonly verdict: FitVerdict;
  /** What a regression of the decodes says that needs no clock; null where too few of them tell. */
  readonly crossCheck: CrossCheck | null;
  /** Whether that regression stands in for a clock that is not believed. */
  readonly isFallback: boolean;
  /** Whether the last pass met the tolerance that was asked for, or the default one. */
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
 * @throws Fault `beta-estimators/no-phases`, `beta-estimators/no-decode-counts`, `beta-estimators/too-few-clusters`,
 *   `beta-estimators/bad-time`, `beta-estimators/no-context`, `beta-estimators/bad-option`, `step-cost/unknown-term`
 */
export const estimateStepClock = (phases: PhaseTable, options: StepClockOptions = {}): StepClockEstimate => {
  const resolved = resolvedStepClock(options);
  requirePrefillTokens(phases);
  const tally = new ClockTally(resolved.maxNumBatchedTokens);
  const prompts = new PromptTally();
  let parts: TraceColumns[] = [];
  const seen = new CompositionTally(resolved.maxNumBatchedTokens ?? Number.POSITIVE_INFINITY);
  const { trace, offsetTokens, isFound, budget, policy, sharedSteps } = fitWithPolicy(
    phases,
    resolved,
    options.onProgress,
    () => {
      const visits = [tally.visitors(), seen.visitors(), prompts.visitors()];
      parts = [];
      return (window) => {
        if (parts.length < MOST_CHECKED) parts.push(window.problem.columns);
        for (const visit of visits) visit(window);
      };
    },
  );
  const { regression, columns } = trace;
  const ofClock = fitVerdict(trace);
  const clockless = clocklessCheck(parts, resolved.ci, trace);
  const crossCheck = clockless?.check ?? null;
  const stand =
    clockless !== undefined &&
    !resolved.isAsked &&
    ofClock.grade === 'does not fit' &&
    standsIn(clockless.check, ofClock.heldOutError)
      ? clockless.fit
      : undefined;
  const kept = regression.of.filter((t) => !OF_CLIENTS.includes(columns.pooled[t]));
  const terms = stand?.windows[0].terms ?? kept.map((t) => columns.pooled[t]);
  const converged = trace.still || (resolved.tol === null && hasComeToRest(trace, regression));
  const ofRows = intervalsOf(regression, kept, terms);
  const ofPasses = (coefficients: Float64Array) => Float64Array.from(kept, (t) => coefficients[t]);
  const ofClockAlone =
    ofRows === null || converged
      ? ofRows
      : unsettledIntervals(
          ofRows,
          terms,
          ofPasses(regression.coefficients),
          trace.passes.map((pass) => ofPasses(pass.coefficients)),
        );
  const told = stand === undefined ? ofClockAlone : clocklessIntervals(stand);
  const identified = { ...(stand ?? regression).identifiability, compositions: seen.ranges, batches: seen.batches };
  const betas = betasOf(terms, stand?.coefficients ?? Float64Array.from(kept, (t) => regression.coefficients[t]));
  const { clouds, ...tallied } = prompts.report;
  const intervals = reaching(told, clouds);
  const windows = stand?.windows ?? windowsOn(trace.windows, kept, regression.coefficients);
  const clock = tally.report(trace);
  const oddities = { oddRows: namedRows(trace.oddRows, phases), standstills: trace.standstills };
  options.onProgress?.(1);
  return {
    algo: 'step-clock',
    model: terms.every((term) => BASE_TERMS.includes(term)) ? (readsContext(terms) ? 'kv' : 'linear') : 'terms',
    terms,
    options: { ...resolved, promptOffset: offsetTokens, policy },
    ...(offsetTokens !== 0 && { promptOffsetTokens: offsetTokens }),
    ...(policy === 'prefill-first' && { policy }),
    betas,
    intervals,
    windows,
    ...overheadOf(trace),
    identifiability: identified,
    clock,
    byWindow: windowReports(phases, trace.fitted),
    ...oddities,
    verdict: stand === undefined ? ofClock : withoutClock(ofClock),
    crossCheck,
    isFallback: stand !== undefined,
    converged,
    iterations: trace.passes.length,
    diagnostics: diagnosticsOf(phases, trace, clock),
    history: historyOf(trace, kept),
    warnings: [
      ...oddityWarnings(oddities),
      ...crossCheckWarnings(crossCheck, stand !== undefined, clock.stretchedDecodes > 0),
      ...policyWarnings(resolved.policy, policy, sharedSteps),
      ...promptWarnings({
        offsetTokens,
        isFound,
        ...(budget && { budget }),
        perTokenSec: betas.beta1,
        ...clock,
        ...tallied,
        clouds,
      }),
      ...stepClockWarnings({
        terms,
        intervals,
        identified,
        clock,
        betas,
        converged,
        timeUnitSec: timeUnitSec(phases),
        meanStepSec: clock.meanStepSeconds,
        shareOf: shareOf(windows, terms),
        queueInPrefill: resolved.queueInPrefill === 'yes',
        promptsShifted: isFound,
        promptsUncounted: clock.uncountedClusters > 0,
        ...(intervals === null && { sum: stepWithDecodes(trace, resolved.ci) }),
      }),
    ],
  };
};

/** The check reads no more windows: enough for its own intervals. */
const MOST_CHECKED = 24;

/** What lies between a client and the engine, where starts told. */
const overheadOf = ({ columns, regression }: TraceFit): Pick<StepClockEstimate, 'overhead'> => {
  const t = columns.pooled.indexOf(OVERHEAD);
  if (!regression.of.includes(t)) return {};
  return { overhead: { seconds: regression.coefficients[t], interval: regression.intervals?.byTerm[t] ?? null } };
};

/** Share of all measured time that a term takes at a coefficient. */
const shareOf = (windows: readonly StepWindow[], of: readonly Term[]): WarningEvidence['shareOf'] => {
  const measured = windows.reduce((sum, window) => sum + window.seconds, 0);
  const sums = of.map((term) => windows.reduce((sum, window) => sum + window.sums[window.terms.indexOf(term)], 0));
  const held = new Map(of.map(({ label }, t) => [label, sums[t]]));
  return (label, coefficient) => (coefficient * (held.get(label) ?? 0)) / measured;
};

const intervalsOf = (
  { intervals }: WindowsFit,
  kept: readonly number[],
  terms: readonly Term[],
): StepClockIntervals | null => {
  if (intervals === null) return null;
  const { level, byTerm, covariance, windows } = intervals;
  const p = byTerm.length;
  return {
    level,
    byLabel: Object.fromEntries(terms.map(({ label }, k) => [label, byTerm[kept[k]]])),
    covariance: kept.map((i) => kept.map((j) => covariance[i * p + j])),
    blocks: windows,
  };
};

/** A move of the last pass by this part of the interval is rest: finer than that nothing can be told. */
const SMALL_PART = 0.2;

const hasComeToRest = ({ passes, columns }: TraceFit, { intervals, of }: WindowsFit): boolean => {
  const [before, last] = passes.slice(-2);
  if (intervals === null || before === undefined || last === undefined) return false;
  return of.every((t) => {
    if (columns.pooled[t].priorShare !== null) return true;
    const [low, high] = intervals.byTerm[t] ?? [0, Number.POSITIVE_INFINITY];
    return Math.abs(last.coefficients[t] - before.coefficients[t]) <= SMALL_PART * (high - low);
  });
};

const diagnosticsOf = (phases: PhaseTable, { r2, rmseSec }: TraceFit, clock: ClockReport): StepClockDiagnostics => ({
  n_phases: phases.length,
  n_prefills: clock.prefills,
  n_decodes: clock.decodes,
  n_clusters: clock.clusters,
  r2,
  rmse_seconds: rmseSec,
  mean_step_seconds: clock.meanStepSeconds,
  steps: clock.steps,
});

const historyOf = ({ start, passes }: TraceFit, kept: readonly number[]): EstimateHistory => {
  const beta = [start, ...passes.map(({ coefficients }) => coefficients)].map((b) => kept.map((t) => b[t]));
  return {
    beta,
    deltaBetaL2: passes.map((_, m) => Math.hypot(...beta[m + 1].map((b, t) => b - beta[m][t]))),
    r2: passes.map(({ r2 }) => r2),
    rmseSeconds: passes.map(({ rmseSec }) => rmseSec),
  };
};
