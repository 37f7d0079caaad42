export { type Capacity, type CapacityOptions, capacity, type RateBand } from './capacity/capacity.js';
export { type ArrivalPattern, type LoadShape, loadShapeOf } from './capacity/load-shape.js';
export type { Unreachable } from './capacity/lone-requests.js';
export type { LatencyFigures, OperatingFigures } from './capacity/operating-figures.js';
export { type QuickCurve, quickCurve } from './capacity/quick-curve.js';
export { type ReplicaPlan, replicasFor, replicasOverTime } from './capacity/replicas.js';
export { parseSlos, type Slo } from './capacity/slo.js';
export { isWorkloadSpec, loadShapeOfSpec } from './capacity/workload-spec.js';
export { type ComparedCoefficient, compareWithSteps, type StepsComparison } from './compare-with-steps.js';
export {
  type Cause,
  type Change,
  compareLogs,
  compareModels,
  type ModelComparison,
  type SameWorkload,
  type TermChange,
} from './comparison/compare-models.js';
export { type ComparedLog, comparedLogOf, comparedLogOfWindows } from './comparison/compared-log.js';
export type { BatchesCompared } from './comparison/same-batches.js';
export { dataNeeded, isSlowerBy } from './comparison/threshold.js';
export type { ConversionNote, DeploymentNames, Exported } from './exports/export-format.js';
export {
  type ExportFormat,
  type ExportOptions,
  exportDescription,
  exportFormats,
  exportModel,
} from './exports/export-model.js';
export { type LoadFigures, parseLoadFigures } from './exports/load-figures.js';
export type { OperatingPoint } from './exports/operating-point.js';
export {
  type EngineLine,
  type EngineRows,
  engineLineOf,
  engineLineSchema,
  parseEngineLine,
} from './fleet/engine-line.js';
export { parseExpectedCounts, refuseLostRows } from './fleet/expected-counts.js';
export { type Fleet, type FleetKind, mergeFleet } from './fleet/merge-fleet.js';
export { poolModel } from './fleet/pool-model.js';
export { SQL_DIALECTS, type SqlDialect } from './fleet/sql-dialects.js';
export { mapStatement, STATEMENT_ENGINES, sparkJob } from './fleet/statements.js';
export { type WindowsQueryOptions, windowsQuery } from './fleet/windows-query.js';
export { type HoldOutError, holdOutError, holdOutSplit, spanOfPhases, type TraceWindow } from './hold-out/hold-out.js';
export { type FittedPart, holdOutReplays, type PartReplay } from './hold-out/hold-out-replays.js';
export { predictDecodes } from './hold-out/predict-decodes.js';
export {
  BETAS_SCHEMA,
  betasFileOf,
  betasOfFile,
  type Estimated,
  type EstimatedIntervals,
  intervalsOfFile,
  parseBetasFile,
} from './model-file/betas-file.js';
export { type BetasFile, betasSchema } from './model-file/betas-schema.js';
export { snakeCaseFields, snakeCaseKeys } from './model-file/snake-case.js';
export { type Gpu, gpuNames } from './physics/gpus.js';
export {
  type PhysicalCheck,
  type PhysicalEstimate,
  type PhysicsOptions,
  type PossibleCost,
  physicalChecks,
  physicsWarnings,
  possibleCost,
} from './physics/possible-cost.js';
export { type Beside, decodeIntervalSeconds, queuedPrefillSeconds, rateHeld } from './planning/planner-figures.js';
export { type Extrapolation, quantitiesRead, type StepQuantity } from './prediction/composition-range.js';
export { predictStepTime, type StepTimePrediction } from './prediction/predict-step-time.js';
export type { ComparedFigure, ComparedMetric } from './replay/metric-comparison.js';
export { missWarnings } from './replay/miss-warnings.js';
export {
  REPLAY_SCHEMA,
  type Replay,
  type ReplayOptions,
  type ReplaySettings,
  replay,
  replayJson,
} from './replay/replay.js';
export { type Band, type ReplayBands, replayBands } from './replay/replay-bands.js';
export { type ReplaySensitivity, replaySensitivity, sensitivityWarnings } from './replay/replay-sensitivity.js';
export { replayWarnings } from './replay/replay-warnings.js';
export { METRIC_NAMES, METRIC_WORDS, type MetricName, type ServingMetrics } from './replay/serving-metrics.js';
export { capacityReport } from './report/answers/capacity-report.js';
export { capacityCsv, capacityJson, capacityText } from './report/answers/capacity-text.js';
export { comparisonJson, comparisonMarkdown, comparisonText } from './report/answers/comparison-text.js';
export { promptOffsetText } from './report/answers/correction-words.js';
export { tuningReport } from './report/answers/tuning-report.js';
export { tuningCsv, tuningJson, tuningText } from './report/answers/tuning-text.js';
export { whatIfReport } from './report/answers/what-if-report.js';
export { whatIfJson, whatIfText } from './report/answers/what-if-text.js';
export type { EstimateReportInput, ReplayResult, ReportEstimator } from './report/estimate-input.js';
export { estimateReport } from './report/estimate-report.js';
export { fleetFigures } from './report/fleet/fleet-figures.js';
export { fleetJson, fleetText } from './report/fleet/fleet-text.js';
export { type MeanStep, type MeanStepPart, meanStepOf, meanStepSentences } from './report/mean-step.js';
export { METRIC_TITLES } from './report/metric-titles.js';
export { physicsJson, physicsText } from './report/physics-text.js';
export { type ReplayReportInput, replayReport, replaySentence } from './report/replay-report.js';
export { replayResultOf } from './report/replay-result.js';
export type { ClientOverhead, MeasuredOverhead } from './serving/client-overhead.js';
export { type MeasuredServing, measuredServing, servingJson } from './serving/measured-serving.js';
export { type ModelServing, servingOfModel } from './serving/model-serving.js';
export { type Refinement, type ReplayedFit, refinedByReplay, refinedFit } from './serving/refined-by-replay.js';
export type { LoadCorrections } from './serving/replayed-load.js';
export { type DecidedBy, type SchedulerRules, tellsScheduling } from './serving/rule-trial.js';
export { settingsWarnings } from './serving/settings-warnings.js';
export type { StepColumns } from './step-columns.js';
export {
  type EngineFit,
  EnginesFitter,
  type EnginesSpread,
  enginesSpread,
  pooledFit,
} from './step-fit/engines-fit.js';
export { fitSteps } from './step-fit/fit-steps.js';
export { fitWindowLines, type WindowLine } from './step-fit/fit-window-lines.js';
export { type RollingFit, RollingFitter } from './step-fit/rolling-fit.js';
export type { FitStepsOptions, StepsFit, StepsWarning } from './step-fit/steps-fit.js';
export { type EnginesLog, engineSteps } from './step-logs/engine-steps.js';
export { type MatchedColumns, matchStepLogs, type StepLogMatch } from './step-logs/match-step-logs.js';
export { type LogReading, type ReadingOptions, readSteps } from './step-logs/prepared-steps.js';
export { stepPeriods } from './step-logs/step-periods.js';
export type { StepTime, TimeCheck } from './step-logs/step-time.js';
export type { StepModelFaultCode } from './step-model-fault.js';
export type { EngineFlags, EngineSetting, SettingsGrid } from './tuning/engine-setting.js';
export type { TunedEngine } from './tuning/layout.js';
export type { FrontPoint } from './tuning/pareto-front.js';
export { type EngineOfGpus, type TuneOptions, tune, tuneGpus } from './tuning/tune.js';
export type { LayoutRate, LayoutsOptions, RatedSetting, Tuning } from './tuning/tuning.js';
export { tuningSchema } from './tuning/tuning-schema.js';
export { type Change as WorkloadChange, parseChange } from './what-if/change.js';
export { type ChangedFigure, type WhatIf, type WhatIfOptions, whatIf } from './what-if/what-if.js';
