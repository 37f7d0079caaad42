export {
  type GradientBoostingFit,
  type GradientBoostingModel,
  type GradientBoostingOptions,
  gradientBoosting,
} from './boosting/gradient-boosting.js';
export { type Dataset, dataset, takeDatasetRows } from './data/dataset.js';
export { type FeatureTable, featuresOf, featureTable, selectFeatures, takeRows } from './data/feature-table.js';
export type { RegressionFaultCode } from './fault.js';
export {
  type RandomForestFit,
  type RandomForestModel,
  type RandomForestOptions,
  randomForest,
} from './forest/random-forest.js';
export {
  EXACT_ROWS,
  type GaussianProcessFit,
  type GaussianProcessOptions,
  gaussianProcess,
  INDUCING_ROWS,
} from './gaussian-process/gaussian-process.js';
export {
  type GaussianProcessModel,
  type GaussianProcessParameters,
  gaussianProcessOf,
  gaussianProcessParametersSchema,
} from './gaussian-process/gaussian-process-model.js';
export type { Trend } from './gaussian-process/kernel.js';
export type { CoefficientInference, Uncertainty } from './linear/inference/coefficient-table.js';
export type { ConditionNumbers } from './linear/inference/condition-number.js';
export type { FitStatistics } from './linear/inference/fit-statistics.js';
export { type Influence, influenceOf } from './linear/inference/influence.js';
export {
  type IntervalOptions,
  type IntervalPrediction,
  predictWithIntervals,
} from './linear/inference/prediction-intervals.js';
export {
  type FitWarning,
  type LeastSquaresFit,
  type LeastSquaresOptions,
  leastSquares,
} from './linear/least-squares.js';
export {
  type LinearInference,
  LinearModel,
  type LinearParameters,
  linearModelOf,
} from './linear/linear-model.js';
export { type LinearEstimator, type LinearJSON, linearSchema } from './linear/linear-schema.js';
export { type NonNegativeFit, type NonNegativeOptions, nonNegativeLeastSquares } from './linear/non-negative.js';
export { type LinearDependency, RankDeficiency, rankDeficiencyOf } from './linear/rank-deficiency.js';
export { type RidgeOptions, ridge } from './linear/ridge.js';
export { INTERCEPT, linearTerms, polynomialTerms, type Term, term, termColumns } from './linear/term.js';
export { type RegressionMetrics, regressionMetrics } from './metrics/regression-metrics.js';
export type { MlpModel } from './mlp/mlp-model.js';
export {
  type MlpFit,
  type MlpOptions,
  multilayerPerceptron,
  multiOutputPerceptron,
} from './mlp/multilayer-perceptron.js';
export type { Activation } from './mlp/network.js';
export type { FittedModel, Fitter, ModelKind } from './model/fitted-model.js';
export { type ModelJSON, modelFromJSON, modelOf, modelSchema } from './model/model-from-json.js';
export { outsideHull, type TrainingRange, trainingRangeOf } from './model/training-range.js';
export { type HuberFit, type HuberOptions, huber } from './robust/huber.js';
export { type RansacFit, type RansacOptions, ransac } from './robust/ransac.js';
export { type CrossValidation, crossValidate } from './splits/cross-validate.js';
export {
  groupedSplits,
  type KFoldOptions,
  kFoldSplits,
  type Split,
  settingsOf,
  trainTestSplit,
} from './splits/split.js';
