import type { Finding } from '../quality/finding.js';
import type { Metric } from './metric.js';

/**
 * Requests of one model, measured one at a time. SI units; one value a row.
 *
 * A metric's column holds NaN where the row has no such value: {@link rowsWith} gives the others, and no result is computed from the rest.
 */
export interface Measurements {
  /** The model's name as the file has it. */
  readonly model: string;
  readonly file: string;
  readonly length: number;
  /** Absent where nobody counted the prompts (the Jetson CSV as published): then only decodes can be learnt. */
  readonly inputTokens?: Float64Array;
  /** Absent where nothing was generated (a prefill sweep). */
  readonly outputTokens?: Float64Array;
  readonly values: Partial<Readonly<Record<Metric, Float64Array>>>;
  /** Place of each row among all rows of its model in the file, which dropping rows does not move. */
  readonly position: Int32Array;
  /** 1-based line in the file. */
  readonly line: Int32Array;
  /** Number of the run (subject, sweep) that a row belongs to. */
  readonly group: Int32Array;
  readonly groupNames: readonly string[];
  /** The column that each metric came from, and the unit it was converted from. */
  readonly sources: Partial<Readonly<Record<Metric, { readonly column: string; readonly unit: string }>>>;
  /** What was noticed while reading. */
  readonly findings: readonly Finding[];
}

/** Rows that have a positive value of a metric (a duration of 0 measures nothing). */
export const rowsWith = (table: Measurements, metric: Metric): Int32Array => {
  const values = table.values[metric];
  if (!values) return new Int32Array(0);
  return Int32Array.from(values.keys()).filter((row) => values[row] > 0);
};

/** The numbered rows. */
export const takeMeasurements = (table: Measurements, rows: Int32Array): Measurements => {
  const take = (column: Float64Array) => Float64Array.from(rows, (row) => column[row]);
  const takeInts = (column: Int32Array) => rows.map((row) => column[row]);
  return {
    ...table,
    length: rows.length,
    ...(table.inputTokens ? { inputTokens: take(table.inputTokens) } : {}),
    ...(table.outputTokens ? { outputTokens: take(table.outputTokens) } : {}),
    values: Object.fromEntries(Object.entries(table.values).map(([metric, column]) => [metric, take(column)])),
    position: takeInts(table.position),
    line: takeInts(table.line),
    group: takeInts(table.group),
  };
};

/** How long each run was, s: the measured total, else the sum of its parts, else the only part there is. */
export const runDurations = ({
  values: { ttft, decode, total },
  outputTokens,
}: Measurements): Float64Array | undefined => {
  if (total) return total;
  if (ttft && decode) return ttft.map((sec, row) => sec + decode[row]);
  return decode ?? (outputTokens ? undefined : ttft);
};
