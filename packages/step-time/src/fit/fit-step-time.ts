import { type Fault, isFault } from '@stepclock/faults';
import {
  type CrossValidation,
  crossValidate,
  type Dataset,
  type LeastSquaresFit,
  leastSquares,
  type RegressionMetrics,
  regressionMetrics,
  type Term,
} from '@stepclock/regression';
import { coefficientNames, stepTimeDataset, stepTimeTerms } from '../data/step-time-terms.js';
import type { StepTimes } from '../data/step-times.js';
import type { StepTimeModel } from '../model/step-time-model.js';
import { dataWarnings, fitWarnings, type StepTimeWarning } from './fit-warnings.js';
import { type FurtherFeature, furtherFeatures } from './further-features.js';
import { type InfluenceReport, influenceReport } from './influence-report.js';
import { settingCount, settingFolds } from './setting-splits.js';

export interface FitStepTimeOptions {
  /** Carried into the model; default 'model'. */
  readonly name?: string;
  /** Further features by name, linear each. Default none. */
  readonly features?: readonly string[];
  /** Of the shuffled folds; default 42. */
  readonly seed?: number;
  /** Of cross-validation; default 5. */
  readonly folds?: number;
  /** Of the intervals; default 0.95. */
  readonly level?: number;
}

/** A fitted step-time model with all that says how far to trust it. Times in ms. */
export interface StepTimeFit {
  readonly model: StepTimeModel;
  readonly times: StepTimes;
  readonly leastSquares: LeastSquaresFit;
  /** The coefficients by their names in the formula: a, b, c, the further features, d. */
  readonly coefficientNames: readonly string[];
  /** On the training rows. */
  readonly metrics: RegressionMetrics;
  /** Different rows by their features; fewer than rows where settings were measured several times. */
  readonly settings: number;
  /** r2 on folds that no setting is on both sides of (`null` in a fold whose times are all the same, or one); `null` where rows are too few. */
  readonly crossValidation: CrossValidation | null;
  readonly influence: InfluenceReport;
  /** What the data has and the model does not use. */
  readonly furtherFeatures: readonly FurtherFeature[];
  readonly warnings: readonly StepTimeWarning[];
}

/**
 * Fits `step_ms = a bs sl + b bs + c sl + d` (plus further features) by least squares.
 *
 * @throws Fault `regression/rank-deficient`, naming the terms that the data cannot tell apart
 * @throws Fault `regression/not-enough-rows`
 *
 * @example
 * const { leastSquares: fit } = fitStepTime(times);
 * fit.coefficients.map((c) => c.estimate); // => [a, b, c, d] in ms
 */
export const fitStepTime = (times: StepTimes, options: FitStepTimeOptions = {}): StepTimeFit => {
  const { name = 'model', features = [], seed = 42, folds = 5, level = 0.95 } = options;
  const terms = stepTimeTerms(features);
  const data = stepTimeDataset(times, features);
  const fit = leastSquares(data, { terms, level });
  const crossValidation = crossValidated(data, terms, folds, seed);
  const influence = influenceReport(fit, data, terms);
  const names = coefficientNames(features);
  return {
    model: { name, target: 'decode', features: [...features], linear: fit.model },
    times,
    leastSquares: fit,
    coefficientNames: names,
    metrics: regressionMetrics(data.target, fit.fitted),
    settings: settingCount(data),
    crossValidation: crossValidation instanceof Error ? null : crossValidation,
    influence,
    furtherFeatures: furtherFeatures(times, features),
    warnings: [
      ...fit.warnings,
      ...(crossValidation instanceof Error
        ? [{ code: 'no-cross-validation' as const, message: `No cross-validation: ${crossValidation.message}` }]
        : []),
      ...fitWarnings(fit, names, influence),
      ...dataWarnings(times),
    ],
  };
};

const crossValidated = (
  data: Dataset,
  terms: readonly Term[],
  folds: number,
  seed: number,
): CrossValidation | Fault => {
  try {
    const splits = settingFolds(data, folds, seed);
    return crossValidate(data, (part) => leastSquares(part, { terms }).model, splits);
  } catch (error) {
    if (isFault(error, 'regression')) return error;
    throw error;
  }
};
