import { between, count, finite, level, nonNegative, orderedPair, positive, text } from '@stepclock/model-file';
import { linearSchema } from '@stepclock/regression';
import * as v from 'valibot';

/** A figure that is not defined for every fit. */
const figure = v.nullable(finite);

const uncertainty = {
  standard_error: v.nullable(nonNegative),
  t: figure,
  p: v.nullable(between(0, 1)),
  interval: v.nullable(orderedPair),
};

const row = { row: count, line: v.optional(count), batch_size: positive, sequence_length: positive };

/** A row that matters for the fit. */
const point = v.object({
  ...row,
  step_time_ms: positive,
  predicted_ms: finite,
  residual_ms: finite,
  rss_share: nonNegative,
  studentised_residual: finite,
  leverage: nonNegative,
  cooks_distance: nonNegative,
});

/** A row that the model misses. */
const missed = v.object({
  ...row,
  step_time_ms: positive,
  predicted_ms: finite,
  error_ms: finite,
  error_percent: nonNegative,
});

const score = v.object({ r2: figure, rmse: nonNegative, mae: nonNegative, mape: v.nullable(nonNegative) });

/** Figures of the published system under its names, and what it lacked. Errors in ms, mse in ms^2, mape in percent. */
const statistics = v.object({
  n: count,
  /** Different rows by their features; files of earlier versions do not say. */
  settings: v.optional(count),
  df: count,
  r2: figure,
  adjusted_r2: figure,
  explained_variance: figure,
  mse: nonNegative,
  rmse: nonNegative,
  mae: nonNegative,
  mape: v.nullable(nonNegative),
  max_error: nonNegative,
  median_abs_error: nonNegative,
  '90th_percentile_error': nonNegative,
  '95th_percentile_error': nonNegative,
  '99th_percentile_error': nonNegative,
  cv_scores_mean: figure,
  cv_scores_std: v.nullable(nonNegative),
  cv_scores: v.nullable(v.array(figure, 'must be a list of numbers')),
  /** Of all rows, each by the fit that had not seen it nor its setting; files of earlier versions do not say. */
  cv_rmse: v.optional(v.nullable(nonNegative)),
  cv_r2: v.optional(figure),
  f_statistic: figure,
  p_value: v.nullable(between(0, 1)),
  residual_standard_error: v.nullable(nonNegative),
  aic: figure,
  bic: figure,
  condition_number: positive,
  scaled_condition_number: positive,
});

/** NAME.json, version 1. */
export const stepTimeSchema = v.object({
  schema: text(),
  model_name: text(),
  target: v.literal('decode', 'must be "decode"'),
  headline: text(),
  formula: text(),
  units: v.record(v.string(), text()),
  coefficients: v.record(v.string(), finite),
  coefficient_table: v.array(
    v.object({
      name: text(),
      term: text(),
      estimate: finite,
      ...uncertainty,
      hc3: v.object(uncertainty),
      vif: v.nullable(positive),
    }),
  ),
  interval_level: level,
  statistics,
  influence: v.object({
    dominant_points: v.array(point),
    dominant_rss_share: nonNegative,
    r2: figure,
    pivotal_point: v.nullable(point),
    /** `pivotal_point` is the first of them. */
    pivotal_points: v.optional(v.array(point)),
    r2_without_these_points: figure,
    coefficients_without_these_points: v.nullable(v.record(v.string(), finite)),
    largest_rss_shares: v.array(point),
    largest_cooks_distance: v.nullable(point),
  }),
  points_over_threshold: v.object({ threshold_percent: nonNegative, count, points: v.array(missed) }),
  further_features: v.array(v.object({ name: text(), r2: figure, adjusted_r2: figure })),
  model_comparison: v.object({
    seed: count,
    train_rows: count,
    test_rows: count,
    estimators: v.array(
      v.union(
        [v.object({ estimator: text(), train: score, test: score }), v.object({ estimator: text(), failure: text() })],
        'must be an estimator with its scores, or with the reason why it has none',
      ),
    ),
  }),
  warnings: v.array(v.object({ code: text(), message: text() })),
  features: v.array(text(), 'must be a list of names'),
  /** The fitted model as the regression package writes it. */
  model: linearSchema,
});

/** NAME.json: plain, finite (`null` where a figure is not defined), readable without this package. */
export type StepTimeFile = v.InferOutput<typeof stepTimeSchema>;
