export { type Dataset, dataset, takeDatasetRows } from './data/dataset.js';
export { type FeatureTable, featuresOf, featureTable, selectFeatures, takeRows } from './data/feature-table.js';
export { INTERCEPT, linearTerms, polynomialTerms, type Term, term, termColumns } from './linear/term.js';
export { type RegressionMetrics, regressionMetrics } from './metrics/regression-metrics.js';
export type { FittedModel, Fitter, ModelKind } from './model/fitted-model.js';
export { MODEL_SCHEMA, type ModelHeader } from './model/model-json.js';
export { outsideHull, refuseOutsideHull, type TrainingRange, trainingRangeOf } from './model/training-range.js';
export { RegressionError, type RegressionErrorCode } from './regression-error.js';
export { type CrossValidation, crossValidate } from './splits/cross-validate.js';
export {
  groupedSplits,
  type KFoldOptions,
  kFoldSplits,
  type Split,
  timeBlockedSplits,
  trainTestSplit,
} from './splits/split.js';
