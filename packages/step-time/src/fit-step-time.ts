import { type Fault, isFault } from '@stepclock/faults';
import {
  type CrossValidation,
  crossValidate,
  type Dataset,
  type FitWarning,
  kFoldSplits,
  type LeastSquaresFit,
  leastSquares,
  type RegressionMetrics,
  regressionMetrics,
  type Term,
} from '@stepclock/regression';
import { type FurtherFeature, furtherFeatures } from './further-features.js';
import { type InfluenceReport, influenceInWords, influenceReport } from './influence-report.js';
import type { StepTimeModel } from './step-time-model.js';
import { coefficientNames, stepTimeDataset, stepTimeTerms } from './step-time-terms.js';
import type { StepTimes } from './step-times.js';

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

/** A remark on a fit. */
export interface StepTimeWarning {
  readonly code:
    | FitWarning['code']
    | 'dominant-points'
    | 'negative-coefficient'
    | 'negative-prediction'
    | 'mixed-rows'
    | 'unit'
    | 'uneven-errors'
    | 'no-cross-validation';
  readonly message: string;
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
  /** r2 on shuffled folds; `null` where rows are too few. */
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
    crossValidation: crossValidation instanceof Error ? null : crossValidation,
    influence,
    furtherFeatures: furtherFeatures(times, features),
    warnings: [
      ...fit.warnings,
      ...(crossValidation instanceof Error
        ? [{ code: 'no-cross-validation' as const, message: `No cross-validation: ${crossValidation.message}` }]
        : []),
      ...dominanceWarning(influence, times.length),
      ...coefficientWarnings(fit, names, influence.informative),
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
    const splits = kFoldSplits(data.target.length, { folds, seed });
    return crossValidate(data, (part) => leastSquares(part, { terms }).model, splits);
  } catch (error) {
    if (isFault(error, 'regression')) return error;
    throw error;
  }
};

const dominanceWarning = (report: InfluenceReport, rows: number): StepTimeWarning[] =>
  report.dominant.length === 0 && report.pivotal.length === 0
    ? []
    : [
        {
          code: 'dominant-points',
          message: `${influenceInWords(report, rows)} Look there before you read the figures.`,
        },
      ];

/** How much larger HC3 errors may be than classic ones before that is worth saying. */
const UNEVEN = 2;

const coefficientWarnings = (
  fit: LeastSquaresFit,
  names: readonly string[],
  informative: boolean,
): StepTimeWarning[] => {
  const warnings: StepTimeWarning[] = [];
  const uneven: { readonly name: string; readonly ratio: number }[] = [];
  fit.coefficients.forEach(({ estimate, interval, standardError, hc3 }, j) => {
    const name = names[j];
    if (estimate < 0 && (j < 3 || j === names.length - 1)) {
      const why =
        interval === null
          ? 'no rows are left to tell how sure that is.'
          : interval[1] >= 0
            ? 'its interval includes 0, so the data does not determine it.'
            : 'the formula does not describe these rows, or they are of several kinds.';
      warnings.push({
        code: 'negative-coefficient',
        message: `${name} is below 0 (${estimate.toPrecision(3)} ms), which no step costs: ${why}`,
      });
    }
    const ratio = (hc3.standardError ?? 0) / (standardError ?? Number.POSITIVE_INFINITY);
    if (informative && ratio > UNEVEN) uneven.push({ name, ratio });
  });
  if (uneven.length > 0) {
    const most = Math.max(...uneven.map(({ ratio }) => ratio)).toPrecision(2);
    warnings.push({
      code: 'uneven-errors',
      message: `The HC3 errors of ${uneven.map(({ name }) => name).join(', ')} are up to ${Number(most)} times the classic ones: errors differ in size from row to row (or rows are few), so read the HC3 column.`,
    });
  }
  if (fit.fitted.some((value) => value < 0)) {
    warnings.push({
      code: 'negative-prediction',
      message: 'Some training rows are predicted to take less than no time.',
    });
  }
  return warnings;
};

const dataWarnings = ({ mixed = [], stepTimeSec }: StepTimes): StepTimeWarning[] => {
  const warnings: StepTimeWarning[] = mixed.map(({ column, values }) => ({
    code: 'mixed-rows',
    message: `Rows of ${values.length} values of ${column} (${values.slice(0, 4).join(', ')}${values.length > 4 ? ', ...' : ''}) share one formula; filter ${column}=${values[0]} to fit one.`,
  }));
  const sorted = stepTimeSec.slice().sort();
  const typical = sorted[sorted.length >> 1];
  if (typical > 5 || typical < 2e-5) {
    warnings.push({
      code: 'unit',
      message: `The median step_time is ${typical} s, which no decode step takes: step_time must be in seconds.`,
    });
  }
  return warnings;
};
