export type { Betas } from '@stepclock/step-cost';
export {
  BETAS_SCHEMA,
  type BetasFile,
  betasFileOf,
  type IdentifiabilityJson,
  type IntervalsJson,
  parseBetasFile,
  snakeCaseKeys,
} from './betas-file.js';
export { type ComparedCoefficient, compareWithSteps, type StepsComparison } from './compare-with-steps.js';
export type { ConversionNote, DeploymentNames, Exported } from './exports/export-format.js';
export { type ExportFormat, type ExportOptions, exportFormats, exportModel } from './exports/export-model.js';
export type { OperatingPoint } from './exports/operating-point.js';
export { type FitStepsOptions, fitSteps, type StepsFit, type StepsWarning } from './fit-steps.js';
export {
  type HoldOutError,
  holdOutError,
  holdOutSplit,
  predictDecodes,
  spanOfPhases,
  type TraceWindow,
} from './hold-out.js';
export type { ComparedFigure, ComparedMetric } from './metric-comparison.js';
export {
  type Extrapolation,
  predictStepTime,
  type StepComposition,
  type StepTimePrediction,
  stepTimeSec,
} from './predict-step-time.js';
export { REPLAY_SCHEMA, type Replay, type ReplayOptions, type ReplaySettings, replay, replayJson } from './replay.js';
export { METRIC_NAMES, type MetricName, type ServingMetrics, servingMetrics } from './serving-metrics.js';
export type { StepColumns } from './step-columns.js';
export { StepModelError, type StepModelErrorCode } from './step-model-error.js';
