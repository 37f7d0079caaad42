import { DEFAULT_PADDING } from '../regressors/physics.js';
import { type Measurements, takeMeasurements } from '../table/measurements.js';
import { decodeRows } from './decode-rows.js';
import type { Finding } from './finding.js';
import { plausibleRows } from './plausible-rows.js';
import { powerRows } from './power-rows.js';
import { slowRows } from './slow-rows.js';

export interface QualityOptions {
  readonly padding?: number;
  /** Time between two samples of the power meter, s; default 1 (a Jetson's tegrastats). */
  readonly powerSamplePeriodSec?: number;
}

/** Everything that is odd about the measurements, counted and explained. Nothing is changed. */
export const qualityFindings = (table: Measurements, options: QualityOptions = {}): Finding[] => [
  ...table.findings,
  ...slowRows(table, options.padding ?? DEFAULT_PADDING),
  ...decodeRows(table),
  ...plausibleRows(table),
  ...powerRows(table, options.powerSamplePeriodSec ?? 1),
];

/** Without the rows that the findings call outliers. A short power window costs a row its power and energy, not its times. */
export const dropFlagged = (table: Measurements, findings: readonly Finding[]): Measurements => {
  const droppable = findings.filter(({ droppable }) => droppable);
  const out = new Set(droppable.flatMap(({ code, rows }) => (code === 'short-power-window' ? [] : [...rows])));
  const unmetered = new Set(droppable.flatMap(({ code, rows }) => (code === 'short-power-window' ? [...rows] : [])));
  const withoutPower = (column: Float64Array) => column.map((value, row) => (unmetered.has(row) ? Number.NaN : value));
  const { energy, power } = table.values;
  const cleaned = {
    ...table,
    values: {
      ...table.values,
      ...(energy ? { energy: withoutPower(energy) } : {}),
      ...(power ? { power: withoutPower(power) } : {}),
    },
  };
  return takeMeasurements(
    cleaned,
    Int32Array.from({ length: table.length }, (_, row) => row).filter((row) => !out.has(row)),
  );
};
