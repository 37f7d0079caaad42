export { KNOWN_KNOBS, KNOWN_STAGES } from './data/column-names.js';
export { mergeRepeats } from './data/configurations.js';
export { DECODE_CONVENTIONS, type DecodeConvention, decodeSteps, type TotalRule } from './data/decode-steps.js';
export { joinedTables } from './data/joined-tables.js';
export { perSampleTable } from './data/per-sample-results.js';
export { readMeasurements } from './data/read-measurements.js';
export type { StageDataOptions } from './data/stage-options.js';
export {
  type KnobColumn,
  type KnobTable,
  measuredTotals,
  type StageTable,
  TOTAL,
  takeConfigurations,
  takeKnobRows,
  totalsOf,
} from './data/stage-table.js';
export { experimentTargetFrom, knobTableFrom, stageTableFrom, targetTableFrom } from './data/stage-table-from.js';
export { type ErrorFigures, errorFigures } from './estimator/error-figures.js';
export { FAMILIES, type Family } from './estimator/families/family.js';
export type { NetworkEffort } from './estimator/families/smooth-forms.js';
export {
  type FamilyScore,
  StageEstimator,
  type StagePrediction,
  type StageReport,
} from './estimator/stage-estimator.js';
export { type TrainedEstimator, type TrainOptions, trainEstimator } from './estimator/train-estimator.js';
export { trainTransferNetworks } from './estimator/transfer-network.js';
export type { Spread } from './experiment/aggregate.js';
export { type DrawnSets, drawSets, testSize } from './experiment/draw-sets.js';
export { type ExperimentFiles, experimentFiles, experimentModels } from './experiment/experiment-files.js';
export type { ExperimentOptions } from './experiment/experiment-options.js';
export type { GuardrailResult } from './experiment/guard-budgets.js';
export { type ExperimentPlan, planExperiment } from './experiment/plan-experiment.js';
export { type ExperimentResult, experimentResult, runExperiment, seedsOf } from './experiment/run-experiment.js';
export {
  type CalibrationResult,
  type NotPossible,
  type PredictedVsActual,
  runSeed,
  type SeedResult,
} from './experiment/run-seed.js';
export { type Answered, experimentSummary } from './experiment/summary.js';
export {
  type GuardrailPoint,
  type TransferPoint,
  transferPoints,
} from './experiment/transfer-curves.js';
export {
  type Bounder,
  type Bounds,
  jackknifeBounds,
  marginBounds,
  samplesForLevel,
  splitBounds,
} from './guardrail/bounds.js';
export { conformalSelection, type Selection } from './guardrail/conformal-selection.js';
export { type CrossFit, crossFit } from './guardrail/cross-fit.js';
export { type Answer, type BudgetFilter, filterByBudget } from './guardrail/filter-by-budget.js';
export { type GuardrailFigures, guardrailFigures } from './guardrail/guardrail-figures.js';
export { type AnsweredRows, answeredRows } from './model/answered-rows.js';
export { readStageModel } from './model/read-stage-model.js';
export { figuresJSON } from './model/shared-schemas.js';
export { predictStages, recalibrationOf, type StageModel, TRANSFER_SCHEMA, transferJSON } from './model/stage-model.js';
export { type IntervalMs, totalInterval } from './model/total-interval.js';
export { gridConfigurations, type KnobGrid } from './plan/knob-grid.js';
export { PLAN_KINDS, type PlanKind, samplingPlan } from './plan/sampling-plan.js';
export { SYNTHETIC_GPUS, type SyntheticGpu, type SyntheticOptions, syntheticGpuCsv } from './plan/synthetic-gpus.js';
export type { BlendReport } from './recalibration/auto-blend.js';
export { METHODS, type Method } from './recalibration/method.js';
export { type RecalibrateOptions, recalibrate } from './recalibration/recalibrate.js';
export type { Recalibration, TransferPrediction } from './recalibration/recalibration.js';
export {
  type TransferInput,
  type TransferSamples,
  takeInput,
  takeSamples,
  transferInput,
  transferSamples,
} from './recalibration/samples.js';
export { stageCharts } from './report/figures.js';
export { stageReport } from './report/report.js';
export { type StageFaultCode, type StageWarning, stageFault } from './stage-fault.js';
