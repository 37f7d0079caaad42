import type { Metric } from '../table/metric.js';

export type FindingCode =
  | 'batched-rows'
  | 'idle-lead-in'
  | 'no-decode-steps'
  | 'off-by-one-decode'
  | 'outlier'
  | 'parts-do-not-add-up'
  | 'rows-without-energy'
  | 'rows-without-power'
  | 'shared-power'
  | 'short-power-window'
  | 'stall'
  | 'unit-inferred'
  | 'warm-up';

/** Something in the data that a reader of the results should know. */
export interface Finding {
  readonly code: FindingCode;
  readonly metric?: Metric;
  /** How many rows it concerns. */
  readonly count: number;
  /** Their numbers in the table; for what concerns whole columns, none. */
  readonly rows: Int32Array;
  /** What was seen, and what it does to a model, in words. */
  readonly message: string;
  /** Whether `dropOutliers` takes the rows out. */
  readonly droppable: boolean;
}
