import type { WindowsFit } from '@stepclock/step-cost';
import type { ClockProblem } from '../clock/clock-problem.js';
import type { TraceWindow } from '../trace/cut-windows.js';
import type { OddRow } from '../trace/odd-rows.js';
import type { Standstill } from '../trace/standstills.js';
import type { Conventions } from './conventions.js';
import type { CostColumns } from './cost-columns.js';
import type { LaidClock } from './held-clock.js';
import type { PooledWindows } from './pooled-windows.js';

/** A window with its clock laid. */
export interface LaidWindow {
  readonly parts: TraceWindow;
  readonly problem: ClockProblem;
  readonly laid: LaidClock;
  /** Under which it was laid, on the pooled columns. */
  readonly coefficients: Float64Array;
}

/** Begins a pass; what it gives is called with every window while its clock stands. The last pass counts. */
export type WindowVisitors = () => (window: LaidWindow) => void;

/** One pass over windows. */
export interface Pass {
  /** On the pooled columns. */
  readonly coefficients: Float64Array;
  /** Under the coefficients before. */
  readonly r2: number | null;
  readonly rmseSec: number;
}

/** All windows of a trace, fitted together. */
export interface TraceFit extends PooledWindows {
  readonly regression: WindowsFit;
  readonly columns: CostColumns;
  /** Windows that the trace was cut into. */
  readonly cut: number;
  /** On the pooled columns: every step takes the mean time. */
  readonly start: Float64Array;
  readonly passes: readonly Pass[];
  /** Largest relative change of a coefficient in the last pass, and whether it is below the tolerance. */
  readonly change: number;
  /** By how much first tokens reached a client later than others, s; negative: last ones were late. Taken off before clocks are laid. */
  readonly firstDelaySec: number;
  /** The few rows and moments that cannot be right. */
  readonly oddRows: readonly OddRow[];
  readonly standstills: readonly Standstill[];
  /** Decodes whose counts gave way, and the seconds of the steps that they lack. */
  readonly stretched: number;
  readonly stretchedSec: number;
  /** Tried only where counts as given leave a residual. */
  readonly conventions: Conventions | null;
  readonly still: boolean;
}
