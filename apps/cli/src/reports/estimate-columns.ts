import {
  type BaselineEstimate,
  fittedDurations,
  type IterativeEstimate,
  type StepClockDetails,
} from '@stepclock/beta-estimators';
import type { EstimateReportInput } from '@stepclock/step-model';
import type { PhaseTable } from '@stepclock/trace-io';

type ReportPhases = NonNullable<EstimateReportInput['phases']>;
type ReportClusters = NonNullable<NonNullable<EstimateReportInput['clock']>['clusters']>;

/** The rows that are true. */
const rowsWhere = (length: number, holds: (i: number) => boolean): Uint32Array => {
  const rows = new Uint32Array(length);
  let found = 0;
  for (let i = 0; i < length; i++) if (holds(i)) rows[found++] = i;
  return rows.slice(0, found);
};

const columnOf = (rows: Uint32Array, at: (row: number) => number): Float64Array => {
  const column = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) column[i] = at(rows[i]);
  return column;
};

const pick = (rows: Uint32Array, column: Float64Array | Uint32Array): Float64Array =>
  columnOf(rows, (row) => column[row]);

const requestOf =
  (phases: PhaseTable, row: Uint32Array) =>
  (i: number): string =>
    phases.requestIds.at(phases.request[row[i]]);

const kindsOf = (phases: PhaseTable, row: Uint32Array): Uint8Array =>
  row.length === phases.length ? phases.kind : Uint8Array.from(row, (r) => phases.kind[r]);

/** Phases in which the clock saw steps: of the others (cut by a window, without a count) nothing is predicted. */
export const clockedPhases = (
  phases: PhaseTable,
  { phases: seen }: StepClockDetails,
  rest: readonly [number, number] | undefined,
): ReportPhases => {
  const rows = rowsWhere(seen.row.length, (i) => seen.predictedSec[i] > 0);
  const row = Uint32Array.from(pick(rows, seen.row));
  return {
    kind: kindsOf(phases, row),
    startSec: pick(row, phases.startSec),
    observedSec: pick(rows, seen.observedSec),
    predictedSec: pick(rows, seen.predictedSec),
    meanDecodes: pick(rows, seen.meanDecodes),
    meanPrefillTokens: pick(rows, seen.meanPrefillTokens),
    label: requestOf(phases, row),
    ...(rest && { heldOut: Uint8Array.from(row, (r) => (phases.startSec[r] >= rest[0] ? 1 : 0)) }),
  };
};

/** Phases with the durations that a published estimate gives them; those without steps are left out. */
export const fittedPhases = (phases: PhaseTable, estimate: BaselineEstimate | IterativeEstimate): ReportPhases => {
  const { measuredSec, fittedSec } = fittedDurations(phases, estimate);
  const rows = rowsWhere(fittedSec.length, (i) => fittedSec[i] > 0);
  return {
    kind: kindsOf(phases, rows),
    startSec: pick(rows, phases.startSec),
    observedSec: pick(rows, measuredSec),
    predictedSec: pick(rows, fittedSec),
    label: requestOf(phases, rows),
  };
};

/** Segments of the clock in which the engine worked. */
export const workingSegments = ({ segments: s }: StepClockDetails): NonNullable<EstimateReportInput['segments']> => {
  const working = rowsWhere(s.steps.length, (j) => s.steps[j] > 0);
  const perStep = (column: Float64Array) => columnOf(working, (j) => column[j] / s.steps[j]);
  return {
    startSec: pick(working, s.startSec),
    durationSec: pick(working, s.durationSec),
    activePrefills: pick(working, s.activePrefills),
    activeDecodes: pick(working, s.activeDecodes),
    steps: pick(working, s.steps),
    prefillTokensPerStep: perStep(s.prefillTokens),
    predictedStepSec: perStep(s.predictedSec),
  };
};

/** The rows of the clock's regression. */
export const clockClusters = ({ clusters: c }: StepClockDetails): ReportClusters => {
  const rows = rowsWhere(c.steps.length, (i) => c.steps[i] > 0 && c.predictedSec[i] > 0);
  return {
    timeSec: pick(rows, c.timeSec),
    observedSec: pick(rows, c.observedSec),
    predictedSec: pick(rows, c.predictedSec),
    steps: pick(rows, c.steps),
  };
};

/** How far the counts moved the steps of each segment, as a share of the expected steps. */
export const clockCorrections = ({ segments }: StepClockDetails): Float64Array => {
  const share = (j: number): number => segments.steps[j] / segments.expectedSteps[j] - 1;
  return columnOf(
    rowsWhere(segments.steps.length, (j) => Number.isFinite(share(j))),
    share,
  );
};
