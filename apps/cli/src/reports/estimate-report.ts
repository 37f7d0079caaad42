import {
  type BaselineEstimate,
  EstimatorError,
  estimateBaseline,
  estimateIterative,
  type IterativeEstimate,
  type StepClockDetails,
  type StepClockEstimate,
  stepClockDetails,
} from '@stepclock/beta-estimators';
import {
  type EstimateReportInput,
  estimateReport,
  formatNumber,
  type ReportData,
  type ReportEstimator,
} from '@stepclock/charts';
import { type HoldOutError, replay } from '@stepclock/step-model';
import type { PhaseTable } from '@stepclock/trace-io';
import type { Session } from '../session.js';
import { durationText, grouped, percent, significant } from '../text/quantity.js';
import type { TraceInput } from '../trace-input.js';
import { given } from '../verbs/given.js';
import { limitsOf } from '../verbs/settings.js';
import { spanOf } from '../verbs/time-window.js';
import { provenanceOf } from './provenance.js';
import { replayResultOf } from './replay-result.js';

type Estimate = BaselineEstimate | IterativeEstimate | StepClockEstimate;

/** Everything the report is made from. */
export interface EstimateForReport {
  readonly input: TraceInput;
  readonly phases: PhaseTable;
  readonly estimate: Estimate;
  /** What was kept out of the fit, and how well it was predicted. */
  readonly heldOut?: { readonly rest: readonly [number, number]; readonly error: HoldOutError } | undefined;
}

const COEFFICIENTS = ['beta0', 'beta1', 'beta2', 'beta3'] as const;

/** Beyond this many requests a replay would take longer than the rest of the report. */
const REPLAY_AT_MOST = 50_000;

const coefficientsOf = (estimate: Estimate): EstimateReportInput['coefficients'] =>
  COEFFICIENTS.flatMap((name) => {
    const value =
      name === 'beta3' ? ('beta3' in estimate.betas ? estimate.betas.beta3 : undefined) : estimate.betas[name];
    if (value === undefined) return [];
    const interval = 'intervals' in estimate ? (estimate.intervals?.[name] ?? undefined) : undefined;
    const note = 'identifiability' in estimate ? noteOn(name, estimate) : undefined;
    return [{ name, value, ...given({ interval, note }) }];
  });

const noteOn = (name: (typeof COEFFICIENTS)[number], { identifiability }: StepClockEstimate): string | undefined => {
  if (identifiability.absent.includes(name)) return 'nothing on this trace tells of it';
  if (identifiability.atBound.includes(name)) return 'held at its bound, zero';
  const pair = identifiability.confused.find(({ pair: p }) => p.includes(name));
  return pair === undefined ? undefined : `cannot be told from ${pair.pair.find((p) => p !== name)}`;
};

const r2Fact = (r2: number | null): { r2?: string } => (r2 === null ? {} : { r2: formatNumber(r2, 5) });

/** The published estimators on the same trace, where a chunk size is known; they say what r2 cannot. */
const othersOf = (phases: PhaseTable, { trace }: TraceInput): readonly ReportEstimator[] => {
  const chunkSize = trace.facts.settings.chunkSize ?? trace.facts.settings.maxNumBatchedTokens;
  if (chunkSize === undefined) return [];
  try {
    const both = [estimateIterative(phases, { chunkSize }), estimateBaseline(phases, { chunkSize })];
    return both.map((other) => ({
      name: `${other.algo} (published, C = ${chunkSize})`,
      betas: { ...other.betas },
      facts: r2Fact(other.algo === 'iterative' ? other.diagnostics.final_r2 : other.diagnostics.r2),
    }));
  } catch (error) {
    if (error instanceof EstimatorError) return [];
    throw error;
  }
};

/** The rows that are true. */
const rowsWhere = (length: number, holds: (i: number) => boolean): Uint32Array =>
  Uint32Array.from({ length }, (_, i) => i).filter(holds);

const pick = (rows: Uint32Array, column: Float64Array | Uint32Array): Float64Array =>
  Float64Array.from(rows, (i) => column[i] ?? 0);

/** Phases in which the clock saw steps: of the others (cut by a window, without a count) nothing is predicted. */
const phasesOf = (
  phases: PhaseTable,
  { phases: seen }: StepClockDetails,
  rest: readonly [number, number] | undefined,
) => {
  const rows = rowsWhere(seen.row.length, (i) => (seen.predictedSec[i] ?? 0) > 0);
  const row = Uint32Array.from(rows, (i) => seen.row[i] ?? 0);
  return {
    kind: Uint8Array.from(row, (r) => phases.kind[r] ?? 0),
    startSec: pick(row, phases.startSec),
    observedSec: pick(rows, seen.observedSec),
    predictedSec: pick(rows, seen.predictedSec),
    meanDecodes: pick(rows, seen.meanDecodes),
    meanPrefillTokens: pick(rows, seen.meanPrefillTokens),
    label: (i: number): string => phases.requestIds.at(phases.request[row[i] ?? 0] ?? 0),
    ...(rest && { heldOut: Uint8Array.from(row, (r) => ((phases.startSec[r] ?? 0) >= rest[0] ? 1 : 0)) }),
  };
};

const segmentsOf = ({ segments: s }: StepClockDetails): NonNullable<EstimateReportInput['segments']> => {
  const working = rowsWhere(s.steps.length, (j) => (s.steps[j] ?? 0) > 0);
  const steps = pick(working, s.steps);
  return {
    startSec: pick(working, s.startSec),
    durationSec: pick(working, s.durationSec),
    activePrefills: pick(working, s.activePrefills),
    activeDecodes: pick(working, s.activeDecodes),
    steps,
    prefillTokensPerStep: pick(working, s.prefillTokens).map((tokens, i) => tokens / (steps[i] ?? 1)),
    predictedStepSec: pick(working, s.predictedSec).map((sec, i) => sec / (steps[i] ?? 1)),
  };
};

const clustersOf = ({ clusters: c }: StepClockDetails) => {
  const rows = rowsWhere(c.steps.length, (i) => (c.steps[i] ?? 0) > 0 && (c.predictedSec[i] ?? 0) > 0);
  return {
    timeSec: pick(rows, c.timeSec),
    observedSec: pick(rows, c.observedSec),
    predictedSec: pick(rows, c.predictedSec),
    steps: pick(rows, c.steps),
  };
};

const clockOf = ({ clock }: StepClockEstimate, details: StepClockDetails): EstimateReportInput['clock'] => {
  const { segments } = details;
  const corrections = segments.steps
    .map((k, j) => k / (segments.expectedSteps[j] ?? Number.NaN) - 1)
    .filter((x) => Number.isFinite(x));
  return {
    facts: [
      { label: 'Steps that the engine took', value: grouped(clock.steps) },
      {
        label: 'Residual of a cluster, relative to a step',
        value: clock.clusterResidual === null ? 'not defined' : significant(clock.clusterResidual, 3),
      },
      { label: 'Noise of a step', value: percent(clock.stepNoise) },
      { label: 'Segments held at zero', value: `${grouped(clock.heldSegments)} of ${grouped(clock.segments)}` },
      {
        label: 'Counts that contradict each other',
        value: `${grouped(clock.disagreeingCycles)} of ${grouped(clock.cycles)} cycles`,
      },
      { label: 'Clusters', value: grouped(clock.clusters) },
      { label: 'Busy periods', value: grouped(clock.busyPeriods) },
    ],
    ...(corrections.length > 0 && { corrections }),
    clusters: clustersOf(details),
  };
};

const identifiabilityOf = ({ identifiability: id }: StepClockEstimate): EstimateReportInput['identifiability'] => {
  const range = ([low, high]: readonly [number, number]): string => `${grouped(low)} to ${grouped(high)}`;
  return {
    facts: [
      {
        label: 'Condition number of the scaled design',
        value: id.conditionNumber === null ? 'rank-deficient' : significant(id.conditionNumber, 3),
      },
      { label: 'Prefill tokens a step', value: range(id.compositions.prefillTokens) },
      { label: 'Decodes a step', value: range(id.compositions.decodeSeqs) },
      { label: 'Context a step, tokens', value: range(id.compositions.contextTokens) },
    ],
  };
};

const replayOf = ({ trace }: TraceInput, estimate: Estimate): EstimateReportInput['replay'] => {
  const { requests, facts } = trace;
  if (requests?.arrivalSec === undefined || requests.length > REPLAY_AT_MOST) return undefined;
  return replayResultOf(requests, replay(requests, estimate.betas, limitsOf({}, facts.settings)));
};

const readOf = ({ trace, name }: TraceInput, phases: PhaseTable): EstimateReportInput['read'] => {
  const [first, last] = spanOf(phases);
  const settings = Object.entries(trace.facts.settings).map(([k, v]) => ({
    label: k.replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`),
    value: String(v),
  }));
  return [
    { label: 'File', value: name },
    { label: 'Format', value: trace.facts.format },
    { label: 'Clock', value: trace.facts.clock },
    ...(trace.requests ? [{ label: 'Requests', value: grouped(trace.requests.length) }] : []),
    { label: 'Phases', value: grouped(phases.length) },
    { label: 'Span', value: durationText(last - first) },
    ...settings,
  ];
};

/** The report of an estimate as data. */
export const estimateReportOf = (
  { input, phases, estimate, heldOut }: EstimateForReport,
  session: Session,
): ReportData => {
  const stepClock = estimate.algo === 'step-clock' ? estimate : undefined;
  const details = stepClock === undefined ? undefined : stepClockDetails(phases, stepClock.options);
  const { deltaBetaL2 } = estimate.history;
  const diagnostics = Object.entries(estimate.diagnostics)
    .filter((entry): entry is [string, number] => typeof entry[1] === 'number')
    .map(([label, value]) => ({ label, value: formatNumber(value) }));
  return estimateReport({
    subtitle: input.name,
    algo: estimate.algo,
    ...(stepClock && { model: stepClock.model, confidence: stepClock.options.ci }),
    coefficients: coefficientsOf(estimate),
    converged: estimate.converged,
    iterations: estimate.iterations,
    diagnostics: [
      ...diagnostics,
      ...(heldOut?.error.meanAbsoluteError == null
        ? []
        : [{ label: 'held-out decodes, mean absolute error', value: percent(heldOut.error.meanAbsoluteError) }]),
    ],
    ...given({
      read: readOf(input, phases),
      phases: details && phasesOf(phases, details, heldOut?.rest),
      segments: details && segmentsOf(details),
      clock: details && stepClock && clockOf(stepClock, details),
      identifiability: stepClock && identifiabilityOf(stepClock),
      replay: replayOf(input, estimate),
      history: deltaBetaL2.length > 0 ? { deltaBetaL2: Float64Array.from(deltaBetaL2) } : undefined,
      others: stepClock && othersOf(phases, input),
    }),
    exclusions: input.trace.exclusions,
    warnings: estimate.warnings,
    provenance: provenanceOf(session, [{ name: input.name, sha256: input.sha256, rows: phases.length }]),
  });
};
