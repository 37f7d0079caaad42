import {
  estimateBaseline,
  estimateIterative,
  estimateStepClock,
  type StepClockDetails,
  type StepClockEstimate,
  stepClockDetails,
} from '@stepclock/beta-estimators';
import { formatNumber, type ReportData } from '@stepclock/charts';
import { isFault } from '@stepclock/faults';
import {
  type EstimateReportInput,
  estimateReport,
  type HoldOutError,
  type ReplayOptions,
  type ReportEstimator,
  replay,
  replayResultOf,
} from '@stepclock/step-model';
import type { PhaseTable } from '@stepclock/trace-io';
import type { Estimate } from '../commands/estimate/estimators.js';
import { limitsOf } from '../commands/model/limits.js';
import type { TraceInput } from '../files/trace-input.js';
import { given } from '../options/given.js';
import type { Session } from '../session/session.js';
import { percent } from '../text/quantity.js';
import { clockClusters, clockCorrections, clockedPhases, fittedPhases, workingSegments } from './estimate-columns.js';
import { clockFacts, diagnosticFacts, identifiabilityFacts, readFacts } from './estimate-facts.js';
import { provenanceOf } from './provenance.js';
import { batchColumns, windowColumns } from './window-columns.js';

/** Everything the report is made from. */
export interface EstimateForReport {
  readonly input: TraceInput;
  readonly phases: PhaseTable;
  readonly estimate: Estimate;
  /** What was kept out of the fit, and how well it was predicted. */
  readonly heldOut?: { readonly rest: readonly [number, number]; readonly error: HoldOutError } | undefined;
}

/** Beyond this many requests a replay would take longer than the rest of the report. */
const REPLAY_AT_MOST = 50_000;

const coefficientsOf = (estimate: Estimate): EstimateReportInput['coefficients'] =>
  estimate.terms.map(({ label, phrase, unit }) => {
    const interval = 'intervals' in estimate ? (estimate.intervals?.byLabel[label] ?? undefined) : undefined;
    const note = 'identifiability' in estimate ? noteOn(label, estimate) : undefined;
    return { name: label, phrase, unit, value: estimate.betas[label], ...given({ interval, note }) };
  });

const noteOn = (label: string, { identifiability }: StepClockEstimate): string | undefined => {
  if (identifiability.absent.includes(label)) return 'nothing on this trace tells of it';
  if (identifiability.atBound.includes(label)) return 'held at its bound, zero';
  const pair = identifiability.confused.find(({ pair: p }) => p.includes(label));
  return pair === undefined ? undefined : `cannot be told from ${pair.pair.find((p) => p !== label)}`;
};

/** Beyond this many phases the step clock is not run beside a published estimator. */
const CLOCK_BESIDE_AT_MOST = 100_000;

const r2Fact = (r2: number | null): { 'R²'?: string } => (r2 === null ? {} : { 'R²': formatNumber(r2, 5) });

/** The other estimators on the same trace, the published ones where a chunk size is known; they say what r2 cannot. */
const othersOf = (phases: PhaseTable, { trace }: TraceInput, own: Estimate['algo']): readonly ReportEstimator[] => {
  const { queueInPrefill, settings } = trace.facts;
  const { maxNumBatchedTokens } = settings;
  const chunkSize = settings.chunkSize ?? maxNumBatchedTokens;
  const others: ReportEstimator[] = [];
  try {
    if (own !== 'step-clock' && phases.length <= CLOCK_BESIDE_AT_MOST) {
      const { betas, diagnostics } = estimateStepClock(phases, given({ queueInPrefill, maxNumBatchedTokens }));
      others.push({ name: 'step-clock', betas: { ...betas }, facts: r2Fact(diagnostics.r2) });
    }
    if (chunkSize === undefined) return others;
    const published = (algo: string): string => `${algo} (C = ${chunkSize})`;
    if (own !== 'iterative') {
      const { betas, diagnostics } = estimateIterative(phases, { chunkSize });
      others.push({ name: published('iterative'), betas: { ...betas }, facts: r2Fact(diagnostics.final_r2) });
    }
    if (own !== 'baseline') {
      const { betas, diagnostics } = estimateBaseline(phases, { chunkSize });
      others.push({ name: published('baseline'), betas: { ...betas }, facts: r2Fact(diagnostics.r2) });
    }
  } catch (error) {
    if (!isFault(error, 'beta-estimators')) throw error;
  }
  return others;
};

/** What of a step-clock estimate stands between its log and the engine. */
const correctionsOf = (estimate: Estimate, engine: string | undefined): ReplayOptions => {
  const { overhead, promptOffsetTokens } = estimate.algo === 'step-clock' ? estimate : {};
  const between = overhead && { seconds: overhead.seconds, secondsPerPromptToken: 0 };
  return given({ overhead: between, promptOffsetTokens, engine });
};

/** The log served again; undefined where it cannot be, and why not where that is worth a word. */
const replayOf = ({ trace }: TraceInput, estimate: Estimate): Pick<EstimateReportInput, 'replay' | 'warnings'> => {
  const { requests, facts } = trace;
  if (requests?.arrivalSec === undefined || requests.length > REPLAY_AT_MOST) return {};
  try {
    return {
      replay: replayResultOf(
        requests,
        replay(
          requests,
          estimate.betas,
          limitsOf({ policy: estimate.algo === 'step-clock' ? estimate.policy : undefined }, facts.settings),
          correctionsOf(estimate, facts.settings.engine),
        ),
      ),
    };
  } catch (error) {
    if (!isFault(error, 'engine-sim')) throw error;
    return { warnings: [{ code: 'no-replay', message: `The log cannot be served again: ${error.message}` }] };
  }
};

/** What the estimate makes of each phase; undefined leaves the charts of it out. */
const predictedPhases = (
  phases: PhaseTable,
  estimate: Estimate,
  details: StepClockDetails | undefined,
  rest: readonly [number, number] | undefined,
): EstimateReportInput['phases'] => {
  switch (estimate.algo) {
    case 'step-clock':
      return details && clockedPhases(phases, details, rest);
    case 'baseline':
    case 'iterative':
      return fittedPhases(phases, estimate);
  }
};

/** The report of an estimate as data. */
export const estimateReportOf = (
  { input, phases, estimate, heldOut }: EstimateForReport,
  session: Session,
): ReportData => {
  const stepClock = estimate.algo === 'step-clock' ? estimate : undefined;
  const details = stepClock === undefined ? undefined : stepClockDetails(phases, stepClock.options);
  const { deltaBetaL2 } = estimate.history;
  const replayed = replayOf(input, estimate);
  const corrections = details && clockCorrections(details);
  return estimateReport({
    subtitle: input.name,
    algo: estimate.algo,
    ...(stepClock && { model: stepClock.model, confidence: stepClock.options.ci }),
    coefficients: coefficientsOf(estimate),
    converged: estimate.converged,
    iterations: estimate.iterations,
    diagnostics: [
      ...diagnosticFacts(estimate.diagnostics),
      ...(heldOut?.error.meanAbsoluteError == null
        ? []
        : [{ label: 'Held-out decodes, mean absolute error', value: percent(heldOut.error.meanAbsoluteError) }]),
    ],
    ...given({
      read: readFacts(input, phases),
      phases: predictedPhases(phases, estimate, details, heldOut?.rest),
      segments: details && workingSegments(details),
      clock: details &&
        stepClock && {
          facts: clockFacts(stepClock),
          clusters: clockClusters(details),
          batches: batchColumns(stepClock),
          windows: windowColumns(stepClock),
          ...(corrections && corrections.length > 0 && { corrections }),
        },
      identifiability: stepClock && { facts: identifiabilityFacts(stepClock) },
      replay: replayed.replay,
      history: deltaBetaL2.length > 0 ? { deltaBetaL2: Float64Array.from(deltaBetaL2) } : undefined,
      others: othersOf(phases, input, estimate.algo),
    }),
    exclusions: input.trace.exclusions,
    warnings: [...estimate.warnings, ...(replayed.warnings ?? [])],
    provenance: provenanceOf(session, [
      { name: input.name, sha256: input.sha256, holds: `${formatNumber(phases.length, 9)} phases` },
    ]),
  });
};
