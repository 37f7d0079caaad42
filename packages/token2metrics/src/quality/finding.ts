import type { Warning } from '@stepclock/faults';
import type { Metric } from '../table/metric.js';

type FindingCode =
  | 'batched-rows'
  | 'blank-cells'
  | 'decode-without-tokens'
  | 'energy-not-power-times-time'
  | 'error-cells'
  | 'idle-lead-in'
  | 'implausible-power'
  | 'implausible-times'
  | 'joined-prompts'
  | 'mixed-repeats'
  | 'no-decode-steps'
  | 'no-input-tokens'
  | 'no-output-tokens'
  | 'off-by-one-decode'
  | 'other-sheets'
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
export interface Finding extends Warning<FindingCode> {
  readonly metric?: Metric;
  /** How many rows it concerns. */
  readonly count: number;
  /** Their numbers in the table; for what concerns whole columns, none. */
  readonly rows: Int32Array;
  /** Whether `dropOutliers` takes the rows out. */
  readonly droppable: boolean;
}
