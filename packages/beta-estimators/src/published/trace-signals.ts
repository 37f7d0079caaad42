import {
  type FullPressures,
  fullPressures,
  missingTokens,
  stepCounts,
  type TimeGrid,
  timeGrid,
} from '@stepclock/overlap-pressure';
import type { PhaseTable } from '@stepclock/trace-io';
import { type DurationTarget, durationTarget } from './duration-fit.js';
import type { BaselineOptions, IterativeOptions } from './published-options.js';

/** Everything about a trace that the published estimators need and that does not depend on coefficients. */
export interface TraceSignals {
  readonly grid: TimeGrid;
  /** N of each phase. */
  readonly steps: Float64Array;
  /** mu of each phase: tokens that a prefill's last chunk lacks. */
  readonly missing: Float64Array;
  /** p_pf and p_dec of each segment. */
  readonly pressures: FullPressures;
  readonly target: DurationTarget;
}

const isCorrected = (options: BaselineOptions | IterativeOptions): boolean =>
  options.correctionMode !== 'none' || ('initCorrectionMode' in options && options.initCorrectionMode !== 'none');

/**
 * Lays a trace on its time grid: O(phases).
 *
 * @throws Fault when there are no phases, or one does not end after it starts, or has a bad count
 */
export const traceSignals = (phases: PhaseTable, options: BaselineOptions | IterativeOptions): TraceSignals => {
  const { chunkSize, minDurationSec = 0 } = options;
  const grid = timeGrid(phases.startSec, phases.endSec);
  const steps = stepCounts(phases, chunkSize);
  return {
    grid,
    steps,
    // Without a correction nothing is missing, and tokens need not be known.
    missing: isCorrected(options) ? missingTokens(phases, steps, chunkSize) : new Float64Array(phases.length),
    pressures: fullPressures(phases, grid, chunkSize),
    target: durationTarget(phases.startSec, phases.endSec, minDurationSec),
  };
};
