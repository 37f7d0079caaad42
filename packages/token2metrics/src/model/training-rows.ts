import { outsideHull, takeRows, trainingRangeOf } from '@stepclock/regression';
import type { RegressorOptions, TrainingRows } from '../regressors/regressor.js';
import { fitRegressor, holdsInsideOnly, type RegressorName } from '../regressors/regressors.js';
import { tokensOf } from '../regressors/tokens.js';
import { type Measurements, rowsWith, runDurations } from '../table/measurements.js';
import type { Metric } from '../table/metric.js';
import { countSettings, foldsOf, settingsOf } from '../table/settings.js';
import { sharedPowerRows } from '../table/shared-power.js';

/** The rows of a table that have a metric, ready to train on, and where they stood. */
export interface MetricRows extends TrainingRows {
  /** Row numbers in the table. */
  readonly rows: Int32Array;
  /** Number of the setting of each row, which is never on both sides of a fold. */
  readonly setting: Int32Array;
  /** Number of the run (subject, sweep) of each row. */
  readonly run: Int32Array;
}

const take = (column: Float64Array, rows: Int32Array) => Float64Array.from(rows, (row) => column[row]);

/**
 * What a metric is learnt from: the prompt alone for the time to first token, both token counts for the rest (as far as the table has them).
 * Rows without the metric, or with 0 (a decode of one token has no step), are left out.
 */
export const metricRows = (table: Measurements, metric: Metric): MetricRows => {
  const output = metric === 'ttft' ? undefined : table.outputTokens;
  const metered = metric === 'energy' || metric === 'power';
  const duration = metered ? runDurations(table) : undefined;
  // Energy without a run is that of the idle device.
  const rows = rowsWith(table, metric).filter(
    (row) =>
      // A prefill of prompts that nobody counted has nothing to be learnt from.
      (output === undefined ? table.inputTokens !== undefined : output[row] >= 1) && duration?.[row] !== 0,
  );
  const durationSec = duration && take(duration, rows);
  const input = table.inputTokens;
  const tokens = tokensOf(input && take(input, rows), output && take(output, rows));
  // Where one mean power stands for a whole run, the run is what was measured, not the request.
  const shared = metered ? new Set(sharedPowerRows(table)) : new Set<number>();
  const run = rows.map((row) => table.group[row]);
  const byRun = rows.every((row) => shared.has(row)) && countSettings(run) > 1 ? run : undefined;
  return {
    metric,
    rows,
    setting: settingsOf(tokens, byRun),
    run,
    tokens,
    target: take(table.values[metric] ?? new Float64Array(table.length), rows),
    ...(durationSec?.every((sec) => sec > 0) ? { durationSec } : {}),
  };
};

/** The k-th, ... entries of the rows. */
export const takeMetricRows = (all: MetricRows, entries: Int32Array): MetricRows => ({
  metric: all.metric,
  rows: entries.map((k) => all.rows[k]),
  setting: entries.map((k) => all.setting[k]),
  run: entries.map((k) => all.run[k]),
  tokens: takeRows(all.tokens, entries),
  target: take(all.target, entries),
  ...(all.durationSec ? { durationSec: take(all.durationSec, entries) } : {}),
});

/** Predictions of every row, fold by fold, by what `predict` makes of the rows of the others. There must be two folds at least. */
export const foldByFold = (
  all: MetricRows,
  folds: Int32Array,
  predict: (kept: MetricRows, tokens: MetricRows['tokens']) => Float64Array,
): Float64Array => {
  const predicted = new Float64Array(all.target.length);
  const entries = Int32Array.from(folds.keys());
  for (let fold = 0; fold <= Math.max(...folds); fold++) {
    const [test, train] = [entries.filter((k) => folds[k] === fold), entries.filter((k) => folds[k] !== fold)];
    predict(takeMetricRows(all, train), takeMetricRows(all, test).tokens).forEach((own, i) => {
      predicted[test[i]] = own;
    });
  }
  return predicted;
};

/** Predictions of every row by a regressor that has not seen its fold. As where a model is used, physics speaks for a tree outside the rows that it was trained on. */
export const outOfFold = (
  all: MetricRows,
  regressor: RegressorName,
  options: RegressorOptions,
  folds = foldsOf(all.setting, options.seed),
): Float64Array =>
  foldByFold(all, folds, (kept, tokens) => {
    const value = fitRegressor(regressor, kept, options).predict(tokens);
    if (!holdsInsideOnly(regressor)) return value;
    const outside = outsideHull({ featureNames: tokens.names, trainingRange: trainingRangeOf(kept.tokens) }, tokens);
    if (!outside.includes(1)) return value;
    const physics = fitRegressor('physics', kept, options).predict(tokens);
    return value.map((own, i) => (outside[i] === 1 ? physics[i] : own));
  });
