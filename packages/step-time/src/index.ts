export { type ReadStepTimesOptions, readStepTimes } from './data/read-step-times.js';
export { type StepTimes, stepTimesOf } from './data/step-times.js';
export type { StepTimeFaultCode } from './fault.js';
export {
  type CompareOptions,
  compareEstimators,
  comparisonWarnings,
  type EstimatorComparison,
  type EstimatorScore,
} from './fit/compare-estimators.js';
export { type FitStepTimeOptions, fitStepTime, type StepTimeFit } from './fit/fit-step-time.js';
export type { StepTimeWarning } from './fit/fit-warnings.js';
export type { FurtherFeature } from './fit/further-features.js';
export { type InfluenceReport, type InfluentialPoint, influenceInWords } from './fit/influence-report.js';
export { evaluateStepTime, type StepTimeEvaluation } from './model/evaluate-step-time.js';
export { type MissedPoint, pointsOverThreshold } from './model/points-over-threshold.js';
export {
  evaluationJSON,
  type ModelFileOptions,
  readStepTimeFile,
  stepTimeFile,
} from './model/step-time-file.js';
export {
  predictStepTime,
  type StepPrediction,
  type StepQuery,
  type StepTimeModel,
  seriousRemarks,
} from './model/step-time-model.js';
export type { StepTimeFile } from './model/step-time-schema.js';
export { type PredictionBand, type StepTimeFigures, stepTimeFigures } from './report/figure-columns.js';
export { stepTimeCharts } from './report/figures.js';
export { stepTimeReport } from './report/report.js';
export { evaluationText, stepTimeFitText } from './report/text.js';
