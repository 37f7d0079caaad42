export {
  type CalibrateOptions,
  type Calibration,
  calibrate,
  type MetricCalibration,
} from './calibration/calibrate.js';
export { chooseMethod, type MethodChoice, type MethodTrial } from './calibration/choose-method.js';
export {
  CALIBRATION_METHODS,
  type CalibrationMethod,
  calibrateBy,
  LEAST_SETTINGS,
  type Samples,
} from './calibration/methods.js';
export { PRIOR_STRENGTH } from './calibration/physics-prior.js';
export { sourcePhysics } from './calibration/source-predictor.js';
export { type Suggestion, type SuggestOptions, suggestSamples } from './calibration/suggest.js';
export {
  CONFIGURATIONS,
  type Configuration,
  configurationFor,
  configurationFromJSON,
  requireConfiguration,
} from './configurations/configuration.js';
export type { Candidate, DeviceFacts, DeviceModel, MetricModel } from './model/device-model.js';
export { type EnergyParts, energyParts } from './model/energy-parts.js';
export { evaluateDevice, type MetricEvaluation } from './model/evaluate.js';
export { type LearningPoint, learningCurve } from './model/learning-curve.js';
export { deviceModelToJSON, errorsToJSON, readDeviceModel, TOKEN2METRICS_SCHEMA } from './model/model-file.js';
export { type DevicePrediction, type MetricPrediction, type PredictOptions, predictDevice } from './model/predict.js';
export { type HeldOut, type TrainedDevice, type TrainOptions, trainDevice } from './model/train-device.js';
export {
  type RegressionChoice,
  type TrainedMetric,
  type TrainMetricOptions,
  trainMetric,
} from './model/train-metric.js';
export { type MetricRows, metricRows, outOfFold, takeMetricRows } from './model/training-rows.js';
export { type Interval, intervalOf, type Validation, validate } from './model/validation.js';
export type { Finding, FindingCode } from './quality/finding.js';
export { inspectPowerRuns, type RunPower } from './quality/power-samples.js';
export { dropFlagged, type QualityOptions, qualityFindings } from './quality/quality.js';
export { fitPhysics } from './regressors/fit-physics.js';
export { fitRegressor, type RegressorOptions, type TrainingRows } from './regressors/fit-regressor.js';
export { DEFAULT_PADDING, PHYSICS_TERMS, type PhysicsPredictor } from './regressors/physics.js';
export { fitPowerRamp, type PowerRamp, type PowerRampPredictor, rampEnergy } from './regressors/power-ramp.js';
export {
  type Predictor,
  type PredictorForm,
  REGRESSORS,
  type RegressorName,
  regressorCalled,
} from './regressors/predictor.js';
export { tokensOf } from './regressors/tokens.js';
export { SYNTHETIC_MODELS, type SyntheticModel, syntheticCsv } from './synthetic/synthetic-csv.js';
export type { ColumnOptions } from './table/column-map.js';
export { type LoadOptions, loadMeasurements } from './table/load-measurements.js';
export { type Measurements, rowsWith, takeMeasurements } from './table/measurements.js';
export { METRIC_FACTS, METRICS, type Metric, type MetricFacts, metricOf } from './table/metric.js';
export { loadPowerSamples, type PowerRun } from './table/power-samples.js';
export type { Quantity } from './table/units.js';
