import { extentOf, formatNumber, formatPercent, formatSeconds, type ReportBlock } from '@stepclock/charts';
import { selectQuantile } from '@stepclock/numerics';
import type { ReportPhases } from './estimate-input.js';

/** By code, as `PhaseTable.kind` has it. */
export const PHASE_KINDS = ['prefill', 'decode'] as const;

type PhaseKind = (typeof PHASE_KINDS)[number];
type PhasePart = 'all' | 'fitted' | 'held out';

/** Rows of one kind and part, and how far the prediction is off there. Errors are fractions of the observed duration. */
export interface DurationErrors {
  readonly kind: PhaseKind;
  readonly part: PhasePart;
  readonly rows: Uint32Array;
  readonly medianAbs: number;
  readonly p95Abs: number;
  readonly p99Abs: number;
  readonly largestAbs: number;
  /** Sum of predicted over sum of observed, minus one. */
  readonly bias: number;
  readonly rmseSec: number;
}

/** The rows for which something holds, in order. */
const rowsWhere = (length: number, holds: (row: number) => boolean): Uint32Array => {
  let count = 0;
  for (let i = 0; i < length; i++) if (holds(i)) count++;
  const rows = new Uint32Array(count);
  let at = 0;
  for (let i = 0; i < length; i++) if (holds(i)) rows[at++] = i;
  return rows;
};

const errorsOf = (phases: ReportPhases, kind: PhaseKind, part: PhasePart, rows: Uint32Array): DurationErrors => {
  const relative = new Float64Array(rows.length);
  let observed = 0;
  let predicted = 0;
  let squares = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const seen = phases.observedSec[row];
    const said = phases.predictedSec[row];
    relative[i] = Math.abs(said - seen) / seen;
    observed += seen;
    predicted += said;
    squares += (said - seen) ** 2;
  }
  return {
    kind,
    part,
    rows,
    medianAbs: selectQuantile(relative, 0.5),
    p95Abs: selectQuantile(relative, 0.95),
    p99Abs: selectQuantile(relative, 0.99),
    largestAbs: extentOf(relative)[1],
    bias: predicted / observed - 1,
    rmseSec: Math.sqrt(squares / rows.length),
  };
};

/** Errors by kind, and by part where some phases were held out. Kinds and parts without phases are left out. */
export const durationErrors = (phases: ReportPhases): DurationErrors[] => {
  const { kind, heldOut } = phases;
  const parts: readonly PhasePart[] = heldOut === undefined ? ['all'] : ['fitted', 'held out'];
  return PHASE_KINDS.flatMap((name, code) =>
    parts.flatMap((part) => {
      const rows = rowsWhere(
        kind.length,
        (row) => kind[row] === code && (part === 'all' || (heldOut?.[row] === 1) === (part === 'held out')),
      );
      return rows.length === 0 ? [] : [errorsOf(phases, name, part, rows)];
    }),
  );
};

export const durationErrorTable = (errors: readonly DurationErrors[]): ReportBlock => ({
  kind: 'table',
  caption: 'Error of predicted durations, as a share of the observed one',
  columns: [
    { label: 'Phases' },
    { label: 'Count', kind: 'number' },
    { label: 'Median', kind: 'number' },
    { label: '95 % within', kind: 'number' },
    { label: '99 % within', kind: 'number' },
    { label: 'Largest', kind: 'number' },
    { label: 'Bias of the sum', kind: 'number' },
    { label: 'RMSE', kind: 'number' },
  ],
  rows: errors.map((error) => [
    error.part === 'all' ? error.kind : `${error.kind}, ${error.part}`,
    formatNumber(error.rows.length, 9),
    formatPercent(error.medianAbs),
    formatPercent(error.p95Abs),
    formatPercent(error.p99Abs),
    formatPercent(error.largestAbs),
    formatPercent(error.bias),
    formatSeconds(error.rmseSec, 3),
  ]),
});
