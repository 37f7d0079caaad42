export { type BaselineDiagnostics, type BaselineEstimate, estimateBaseline } from './baseline.js';
export type { EstimateHistory, EstimateWarning, LinearBetas } from './estimate.js';
export { EstimatorError, type EstimatorErrorCode } from './estimator-error.js';
export { type FittedDurations, fittedDurations } from './fitted-durations.js';
export { estimateIterative, type IterativeDiagnostics, type IterativeEstimate } from './iterative.js';
export type { BaselineOptions, IterativeCorrectionMode, IterativeOptions } from './published-options.js';
export type { Conventions } from './step-clock/chosen-fit.js';
export {
  type ClusterDetails,
  type PhaseDetails,
  type SegmentDetails,
  type StepClockDetails,
  stepClockDetails,
} from './step-clock/clock-details.js';
export type { ClockReport } from './step-clock/clock-report.js';
export {
  estimateStepClock,
  type StepClockBetas,
  type StepClockDiagnostics,
  type StepClockEstimate,
} from './step-clock/estimate-step-clock.js';
export type { CoefficientName, ConfusedPair, Identifiability } from './step-clock/identifiability.js';
export type { StepClockIntervals } from './step-clock/intervals.js';
export type { ResolvedStepClockOptions, StepClockModel, StepClockOptions } from './step-clock/step-clock-options.js';
export type { Window } from './step-clock/trace-columns.js';
