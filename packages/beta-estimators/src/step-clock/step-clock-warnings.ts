import type { EstimateWarning } from '../estimate.js';
import type { ClockProblem } from './clock-problem.js';
import type { ClockReport } from './clock-report.js';
import type { ClockFit } from './fit-clock.js';
import type { Identifiability } from './identifiability.js';
import type { StepClockIntervals } from './intervals.js';
import type { Width } from './row-fit.js';
import type { ResolvedStepClockOptions } from './step-clock-options.js';

export interface WarningEvidence {
  readonly problem: ClockProblem;
  readonly fit: ClockFit;
  readonly width: Width;
  readonly intervals: StepClockIntervals | null;
  readonly identified: Identifiability;
  readonly clock: ClockReport;
  readonly options: ResolvedStepClockOptions;
}

/** What whoever uses the coefficients should know. */
export const stepClockWarnings = (_evidence: WarningEvidence): EstimateWarning[] => [];
