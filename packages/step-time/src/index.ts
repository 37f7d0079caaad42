export {
  type CompareOptions,
  compareEstimators,
  type EstimatorComparison,
  type EstimatorScore,
} from './compare-estimators.js';
export { evaluateStepTime, type StepTimeEvaluation } from './evaluate-step-time.js';
export { type FitStepTimeOptions, fitStepTime, type StepTimeFit, type StepTimeWarning } from './fit-step-time.js';
export type { FurtherFeature } from './further-features.js';
export { type InfluenceReport, type InfluentialPoint, influenceInWords } from './influence-report.js';
export {
  type ModelFileOptions,
  missedJSON,
  readStepTimeFile,
  statisticsJSON,
  stepTimeFile,
} from './model-file.js';
export { type MissedPoint, pointsOverThreshold } from './points-over-threshold.js';
export { type ReadStepTimesOptions, readStepTimes } from './read-step-times.js';
export type { StepTimeFaultCode } from './step-time-fault.js';
export { type PredictionBand, type StepTimeFigures, stepTimeFigures } from './step-time-figures.js';
export { predictStepTime, type StepPrediction, type StepQuery, type StepTimeModel } from './step-time-model.js';
export type { StepTimeFile } from './step-time-schema.js';
export { KNOWN_FURTHER_FEATURES, type StepTimes, stepTimesOf } from './step-times.js';
