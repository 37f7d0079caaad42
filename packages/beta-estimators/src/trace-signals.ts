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

/**
 * Lays a trace on its time grid: O(phases).
 *
 * @throws Fault when there are no phases, or one does not end after it starts, or has a bad count
 */
export const traceSignals = (
  phases: PhaseTable,
  { chunkSize, minDurationSec }: { readonly chunkSize: number; readonly minDurationSec: number },
): TraceSignals => {
  const grid = timeGrid(phases.startSec, phases.endSec);
  const steps = stepCounts(phases, chunkSize);
  return {
    grid,
    steps,
    missing: missingTokens(phases, steps, chunkSize),
    pressures: fullPressures(phases, grid, chunkSize),
    target: durationTarget(phases.startSec, phases.endSec, minDurationSec),
  };
};
