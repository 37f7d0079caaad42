export { type Dataset, dataset, takeDatasetRows } from './data/dataset.js';
export { type FeatureTable, featuresOf, featureTable, selectFeatures, takeRows } from './data/feature-table.js';
export type { CoefficientInference, Uncertainty } from './linear/coefficient-table.js';
export type { ConditionNumbers } from './linear/condition-number.js';
export type { FitStatistics } from './linear/fit-statistics.js';
export { type Influence, influenceOf } from './linear/influence.js';
export {
  type FitWarning,
  type LeastSquaresFit,
  type LeastSquaresOptions,
  leastSquares,
} from './linear/least-squares.js';
export {
  type LinearEstimator,
  type LinearInference,
  type LinearJSON,
  LinearModel,
  type LinearParameters,
} from './linear/linear-model.js';
export { type IntervalOptions, type IntervalPrediction, predictWithIntervals } from './linear/prediction-intervals.js';
export { type LinearDependency, RankDeficientError } from './linear/rank-deficient-error.js';
export { INTERCEPT, linearTerms, polynomialTerms, type Term, term, termColumns } from './linear/term.js';
export { type RegressionMetrics, regressionMetrics } from './metrics/regression-metrics.js';
export type { FittedModel, Fitter, ModelKind } from './model/fitted-model.js';
export { modelFromJSON } from './model/model-from-json.js';
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
