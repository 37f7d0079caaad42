import { type ModelFileKind, readModelFile } from '@stepclock/model-file';
import { linearModelOf, type RegressionMetrics, regressionMetrics } from '@stepclock/regression';
import { formulaOf } from '../data/step-time-terms.js';
import { BATCH_SIZE, SEQUENCE_LENGTH, type StepTimes } from '../data/step-times.js';
import { stepTimeFault } from '../fault.js';
import { comparisonWarnings, type EstimatorComparison, type EstimatorScore } from '../fit/compare-estimators.js';
import type { StepTimeFit } from '../fit/fit-step-time.js';
import { type InfluentialPoint, influenceInWords } from '../fit/influence-report.js';
import type { StepTimeEvaluation } from './evaluate-step-time.js';
import { type MissedPoint, pointsOverThreshold } from './points-over-threshold.js';
import type { StepTimeModel } from './step-time-model.js';
import { type StepTimeFile, stepTimeSchema } from './step-time-schema.js';

const uncertaintyJSON = (u: {
  readonly standardError: number | null;
  readonly t: number | null;
  readonly p: number | null;
  readonly interval: readonly [number, number] | null;
}) => ({
  standard_error: u.standardError,
  t: u.t,
  p: u.p,
  interval: u.interval === null ? null : ([...u.interval] satisfies [number, number]),
});

const rowJSON = (times: StepTimes, row: number) => ({
  row: row + 1,
  ...(times.lines === undefined ? {} : { line: times.lines[row] }),
  batch_size: times.batchSize[row],
  sequence_length: times.sequenceLength[row],
});

const pointJSON = (times: StepTimes, point: InfluentialPoint) => ({
  ...rowJSON(times, point.row),
  step_time_ms: point.stepTimeMs,
  predicted_ms: point.predictedMs,
  residual_ms: point.residualMs,
  rss_share: point.rssShare,
  studentised_residual: point.studentised,
  leverage: point.leverage,
  cooks_distance: point.cooksDistance,
});

/** A missed row as it stands in files. */
export const missedJSON = (times: StepTimes, point: MissedPoint) => ({
  ...rowJSON(times, point.row),
  step_time_ms: point.stepTimeMs,
  predicted_ms: point.predictedMs,
  error_ms: point.errorMs,
  error_percent: point.errorPercent,
});

const scoreJSON = (score: EstimatorScore) => {
  if ('failure' in score) return { estimator: score.name, failure: score.failure };
  const part = ({ r2, rmse, mae, mapePercent }: typeof score.train) => ({ r2, rmse, mae, mape: mapePercent });
  return { estimator: score.name, train: part(score.train), test: part(score.test) };
};

/** Errors under their published names; ms. */
const errorsJSON = (metrics: RegressionMetrics) => ({
  explained_variance: metrics.explainedVariance,
  mse: metrics.mse,
  rmse: metrics.rmse,
  mae: metrics.mae,
  mape: metrics.mapePercent,
  max_error: metrics.maxAbsoluteError,
  median_abs_error: metrics.medianAbsoluteError,
  '90th_percentile_error': metrics.p90AbsoluteError,
  '95th_percentile_error': metrics.p95AbsoluteError,
  '99th_percentile_error': metrics.p99AbsoluteError,
});

/** What `step-time evaluate` says as JSON. @param listed rows over the threshold that are listed at most */
export const evaluationJSON = (
  model: StepTimeModel,
  times: StepTimes,
  { metrics, intervalCoverage, extrapolatedRows, missed, thresholdPercent }: StepTimeEvaluation,
  listed = LISTED,
) => ({
  schema: 'stepclock/step-time-evaluation@1',
  model_name: model.name,
  units: { errors: 'ms', mape: 'percent', mse: 'ms^2' },
  statistics: { n: metrics.n, r2: metrics.r2, ...errorsJSON(metrics), bias: metrics.bias },
  prediction_interval_coverage: intervalCoverage,
  extrapolated_rows: extrapolatedRows,
  points_over_threshold: {
    threshold_percent: thresholdPercent,
    count: missed.length,
    points: missed.slice(0, listed).map((point) => missedJSON(times, point)),
  },
});

/** The statistics of a fit as they stand in files. */
export const statisticsJSON = ({
  leastSquares,
  metrics,
  settings,
  crossValidation,
  times,
}: StepTimeFit): StepTimeFile['statistics'] => {
  const { statistics, conditionNumber } = leastSquares;
  const measuredMs = times.stepTimeSec.map((sec) => 1000 * sec);
  const heldOut = crossValidation && regressionMetrics(measuredMs, crossValidation.outOfFold);
  return {
    n: statistics.n,
    settings,
    df: statistics.df,
    r2: statistics.r2,
    adjusted_r2: statistics.adjustedR2,
    ...errorsJSON(metrics),
    cv_scores_mean: crossValidation?.meanR2 ?? null,
    cv_scores_std: crossValidation?.sdR2 ?? null,
    cv_scores: crossValidation?.folds.map(({ r2 }) => r2) ?? null,
    cv_rmse: heldOut?.rmse ?? null,
    cv_r2: heldOut?.r2 ?? null,
    f_statistic: statistics.fStatistic,
    p_value: statistics.fPValue,
    residual_standard_error: statistics.sigma,
    aic: statistics.aic,
    bic: statistics.bic,
    condition_number: conditionNumber.raw,
    scaled_condition_number: conditionNumber.scaled,
  };
};

/** Rows over the threshold that a file lists at most. */
const LISTED = 100;

export interface ModelFileOptions {
  /** Default 20. */
  readonly thresholdPercent?: number;
  /** Rows over the threshold that are listed at most; default 100. All are counted. */
  readonly listed?: number;
}

/** What NAME.json holds of a fit. */
export const stepTimeFile = (
  fit: StepTimeFit,
  comparison: EstimatorComparison,
  options: ModelFileOptions = {},
): StepTimeFile => {
  const { thresholdPercent = 20, listed = LISTED } = options;
  const { model, times, leastSquares, influence, coefficientNames } = fit;
  const measured = times.stepTimeSec.map((sec) => 1000 * sec);
  const missed = pointsOverThreshold(measured, leastSquares.fitted, thresholdPercent);
  const named = (values: readonly number[]): Record<string, number> =>
    Object.fromEntries(coefficientNames.map((name, j) => [name, values[j] ?? 0]));
  return {
    schema: `${KIND.family}@${KIND.version}`,
    model_name: model.name,
    target: model.target,
    headline: influenceInWords(influence, times.length),
    formula: formulaOf(model.features),
    units: { coefficients: 'ms', errors: 'ms', mape: 'percent', mse: 'ms^2' },
    coefficients: named(leastSquares.coefficients.map(({ estimate }) => estimate)),
    coefficient_table: leastSquares.coefficients.map((c, j) => ({
      name: coefficientNames[j] ?? c.term,
      term: c.term,
      estimate: c.estimate,
      ...uncertaintyJSON(c),
      hc3: uncertaintyJSON(c.hc3),
      vif: c.vif,
    })),
    interval_level: leastSquares.level,
    statistics: statisticsJSON(fit),
    influence: {
      dominant_points: influence.dominant.map((point) => pointJSON(times, point)),
      dominant_rss_share: influence.dominantShare,
      r2: influence.r2,
      pivotal_point: influence.pivotal[0] === undefined ? null : pointJSON(times, influence.pivotal[0]),
      pivotal_points: influence.pivotal.map((point) => pointJSON(times, point)),
      r2_without_these_points: influence.r2Without,
      coefficients_without_these_points:
        influence.coefficientsWithout === null ? null : named(influence.coefficientsWithout),
      largest_rss_shares: influence.largest.map((point) => pointJSON(times, point)),
      largest_cooks_distance:
        influence.largestCooksDistance === null ? null : pointJSON(times, influence.largestCooksDistance),
    },
    points_over_threshold: {
      threshold_percent: thresholdPercent,
      count: missed.length,
      points: missed.slice(0, listed).map((point) => missedJSON(times, point)),
    },
    further_features: fit.furtherFeatures.map(({ name, r2, adjustedR2 }) => ({ name, r2, adjusted_r2: adjustedR2 })),
    model_comparison: {
      seed: comparison.seed,
      train_rows: comparison.trainRows,
      test_rows: comparison.testRows,
      estimators: comparison.scores.map(scoreJSON),
    },
    warnings: [...fit.warnings, ...comparisonWarnings(comparison)],
    features: [...model.features],
    model: model.linear.toJSON(),
  };
};

const KIND: ModelFileKind<typeof stepTimeSchema> = {
  family: 'stepclock/step-time',
  version: 1,
  schema: stepTimeSchema,
  code: 'step-time/bad-model-file',
  described: "a NAME.json as 'stepclock step-time fit' writes it",
};

/**
 * The model of a NAME.json. It predicts what the fitted one did, to the last bit: its numbers are those of `model`, not those of
 * `coefficients`, which are there for people.
 *
 * @param text the file's content
 * @param file its name, for messages
 * @throws Fault `step-time/bad-model-file`, with the path of the field
 */
export const readStepTimeFile = (text: string, file?: string): StepTimeModel => {
  const { model_name: name, target, features, model, warnings } = readModelFile(text, KIND, file);
  const linear = linearModelOf(model);
  const named = [BATCH_SIZE, SEQUENCE_LENGTH, ...features];
  const odd =
    features.find((feature) => !linear.featureNames.includes(feature)) ??
    linear.featureNames.find((feature) => !named.includes(feature));
  if (odd === undefined) return { name, target, features, linear, remarks: warnings };
  throw stepTimeFault('step-time/bad-model-file', {
    what: 'features',
    rule: "must be the model's own beyond batch_size and sequence_length",
    value: odd,
    file,
  });
};
