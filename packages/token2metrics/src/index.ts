export { calibrate } from './calibration/calibrate.js';
export { CALIBRATION_METHODS, type CalibrationMethod } from './calibration/methods.js';
export { suggestFor } from './calibration/suggest.js';
export {
  CONFIGURATIONS,
  type Configuration,
  configurationFor,
  configurationFromJSON,
  requireConfiguration,
} from './configurations/configuration.js';
export type { DeviceFacts, DeviceModel } from './model/device-model.js';
export { energyParts } from './model/energy-parts.js';
export { evaluateDevice } from './model/evaluate.js';
export { deviceModelToJSON, readDeviceModel } from './model/model-file.js';
export { type DevicePrediction, predictDevice } from './model/predict.js';
export { type TrainedDevice, type TrainOptions, trainDevice } from './model/train-device.js';
export { inspectPowerRuns } from './quality/power-samples.js';
export { qualityFindings } from './quality/quality.js';
export { COMPARED, REGRESSORS, type RegressorName, regressorCalled } from './regressors/regressors.js';
export { trainingFigures } from './report/figures.js';
export {
  calibrationJson,
  evaluationJson,
  heldOutJson,
  predictionWarnings,
  requestJson,
  suggestionsJson,
  trainingJson,
} from './report/json.js';
export { type TrainedForReport, trainingReport } from './report/report.js';
export {
  calibrationText,
  evaluationText,
  modelText,
  predictionText,
  suggestionText,
  trainingText,
} from './report/text.js';
export { syntheticCsv } from './synthetic/synthetic-csv.js';
export { loadMeasurements } from './table/load-measurements.js';
export type { Measurements } from './table/measurements.js';
export { METRIC_FACTS, METRICS, type Metric, metricOf } from './table/metric.js';
export { loadPowerSamples } from './table/power-samples.js';
