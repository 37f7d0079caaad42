import type { StepClockEstimate } from '@stepclock/beta-estimators';
import { formatNumber, formatPercent, formatSeconds } from '@stepclock/charts';
import type { EstimateReportInput } from '@stepclock/step-model';
import type { PhaseTable } from '@stepclock/trace-io';
import { spanOf } from '../commands/estimate/time-window.js';
import type { TraceInput } from '../files/trace-input.js';

type Facts = readonly { readonly label: string; readonly value: string }[];

/** A count, whole, as the report writes numbers. */
const counted = (count: number): string => formatNumber(Math.round(count), 15);

/** Diagnostics of the estimators in words. What stands elsewhere in the report is left out. */
const DIAGNOSTICS: Readonly<Record<string, { readonly label: string; readonly text: (value: number) => string }>> = {
  n_phases: { label: 'Phases', text: counted },
  n_prefills: { label: 'Prefill phases', text: counted },
  n_decodes: { label: 'Decode phases', text: counted },
  n_clusters: { label: 'Rows of the regression', text: counted },
  r2: { label: 'R² of the regression', text: (r2) => formatNumber(r2, 5) },
  final_r2: { label: 'R² of the regression', text: (r2) => formatNumber(r2, 5) },
  rmse_seconds: { label: 'RMSE of the regression', text: formatSeconds },
  final_rmse_seconds: { label: 'RMSE of the regression', text: formatSeconds },
  mean_step_seconds: { label: 'Mean step', text: formatSeconds },
  steps: { label: 'Steps', text: counted },
  mean_steps: { label: 'Mean steps of a phase', text: formatNumber },
  mean_duration_seconds: { label: 'Mean duration of a phase', text: formatSeconds },
  mean_A_pf_tokens: { label: 'Mean prefill tokens during a phase', text: formatNumber },
  mean_A_dec_tokens: { label: 'Mean decode tokens during a phase', text: formatNumber },
  tol: { label: 'Tolerance of the coefficients', text: formatNumber },
  damping_eta: { label: 'Damping η', text: formatNumber },
  final_delta_beta_l2: { label: 'Last change of the coefficients', text: formatNumber },
};

/** The numbers that an estimator gives about its fit. */
export const diagnosticFacts = (diagnostics: object): Facts =>
  Object.entries(diagnostics).flatMap(([name, value]: [string, unknown]) => {
    const known = DIAGNOSTICS[name];
    return known === undefined || typeof value !== 'number' ? [] : [{ label: known.label, value: known.text(value) }];
  });

/** What the clock says about itself. */
export const clockFacts = ({ clock }: StepClockEstimate): Facts => [
  { label: 'Steps that the engine took', value: counted(clock.steps) },
  {
    label: 'Residual of a cluster, relative to a step',
    value: formatPercent(clock.relativeResidual),
  },
  { label: 'Noise of a step', value: formatPercent(clock.stepNoise) },
  { label: 'Segments held at zero', value: `${counted(clock.heldSegments)} of ${counted(clock.segments)}` },
  {
    label: 'Counts that contradict each other',
    value: `${counted(clock.disagreeingCycles)} of ${counted(clock.cycles)} cycles`,
  },
  { label: 'Clusters', value: counted(clock.clusters) },
  {
    label: 'Windows',
    value: `${counted(clock.fittedWindows)} of ${counted(clock.windows)}, ${counted(clock.windowsSetAside)} set aside`,
  },
  { label: 'Busy periods', value: counted(clock.busyPeriods) },
];

/** Which batches the trace shows, and whether they tell the coefficients apart. */
export const identifiabilityFacts = ({ identifiability: id, model }: StepClockEstimate): Facts => {
  const range = ([low, high]: readonly [number, number]): string => `${counted(low)} to ${counted(high)}`;
  return [
    {
      label: 'Condition number of the scaled design',
      value: id.conditionNumber === null ? 'rank-deficient' : formatNumber(id.conditionNumber, 3),
    },
    { label: 'Prefill tokens a step', value: range(id.compositions.prefillTokens) },
    { label: 'Decodes a step', value: range(id.compositions.decodeSeqs) },
    ...(model === 'kv' ? [{ label: 'Context tokens a step', value: range(id.compositions.contextTokens) }] : []),
  ];
};

const settingLabel = (name: string): string => {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** What was read, and the settings of the engine that came with it. */
export const readFacts = ({ trace, name }: TraceInput, phases: PhaseTable): EstimateReportInput['read'] => {
  const [first, last] = spanOf(phases);
  return [
    { label: 'File', value: name },
    { label: 'Format', value: trace.facts.format },
    { label: 'Clock', value: trace.facts.clock },
    ...(trace.requests ? [{ label: 'Requests', value: counted(trace.requests.length) }] : []),
    { label: 'Phases', value: counted(phases.length) },
    { label: 'Span', value: formatSeconds(last - first) },
    ...Object.entries(trace.facts.settings).map(([setting, value]) => ({
      label: settingLabel(setting),
      value: typeof value === 'number' ? formatNumber(value, 15) : String(value),
    })),
  ];
};
