export type { EstimateHistory, EstimateWarning } from './estimate.js';
export { type BaselineDiagnostics, type BaselineEstimate, estimateBaseline } from './published/baseline.js';
export { type FittedDurations, fittedDurations } from './published/fitted-durations.js';
export { estimateIterative, type IterativeDiagnostics, type IterativeEstimate } from './published/iterative.js';
export type { BaselineOptions, IterativeCorrectionMode, IterativeOptions } from './published/published-options.js';
export type { CrossCheck as ClocklessCrossCheck } from './step-clock/clockless/cross-check.js';
export type { Conventions } from './step-clock/fit/conventions.js';
export {
  type ResolvedStepClockOptions,
  STEP_CLOCK_MODELS,
  type StepClockModel,
  type StepClockOptions,
} from './step-clock/fit/step-clock-options.js';
export type { Standstill } from './step-clock/trace/standstills.js';
export type { Window } from './step-clock/trace/trace-columns.js';
export {
  type ClusterDetails,
  type PhaseDetails,
  type SegmentDetails,
  type StepClockDetails,
  stepClockDetails,
} from './step-clock/verdict/clock-details.js';
export type { ClockReport } from './step-clock/verdict/clock-report.js';
export type { Compositions } from './step-clock/verdict/compositions.js';
export {
  estimateStepClock,
  type StepClockDiagnostics,
  type StepClockEstimate,
} from './step-clock/verdict/estimate-step-clock.js';
export type { FitVerdict } from './step-clock/verdict/fit-verdict.js';
export type { NamedRow } from './step-clock/verdict/oddities.js';
export type { StepClockIntervals } from './step-clock/verdict/step-clock-intervals.js';
export type { WindowReport } from './step-clock/verdict/window-reports.js';
export {
  estimateTokenClock,
  type TokenClockEstimate,
  type TokenClockOptions,
} from './token-clock/estimate-token-clock.js';
export { type CrossCheck, crossCheck } from './token-clock/report/cross-check.js';
export type { RebuiltStepLog } from './token-clock/report/rebuilt-step-log.js';
export { type StepPeriods, soundPeriods } from './token-clock/report/sound-periods.js';
export type { TokenClockReport } from './token-clock/report/token-clock-report.js';
export type { SchedulerFacts } from './token-clock/steps/prefill-policy.js';
export type { PrefillPolicy } from './token-clock/steps/shared-prompts.js';
