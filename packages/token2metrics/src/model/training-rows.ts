import { takeRows } from '@stepclock/regression';
import { fitRegressor, type RegressorOptions, type TrainingRows } from '../regressors/fit-regressor.js';
import type { RegressorName } from '../regressors/predictor.js';
import { tokensOf } from '../regressors/tokens.js';
import { type Measurements, rowsWith, runDurations } from '../table/measurements.js';
import type { Metric } from '../table/metric.js';

/** The rows of a table that have a metric, ready to train on, and where they stood. */
export interface MetricRows extends TrainingRows {
  /** Row numbers in the table. */
  readonly rows: Int32Array;
  /** Places in the file, which folds are cut by. */
  readonly position: Int32Array;
}

const take = (column: Float64Array, rows: Int32Array) => Float64Array.from(rows, (row) => column[row]);

/**
 * What a metric is learnt from: the prompt alone for the time to first token, both token counts for the rest (as far as the table has them).
 * Rows without the metric, or with 0 (a decode of one token has no step), are left out.
 */
export const metricRows = (table: Measurements, metric: Metric, within?: Int32Array): MetricRows => {
  const allowed = within && new Set(within);
  const output = metric === 'ttft' ? undefined : table.outputTokens;
  const metered = metric === 'energy' || metric === 'power';
  const duration = metered ? runDurations(table) : undefined;
  const rows = rowsWith(table, metric).filter(
    (row) =>
      (allowed === undefined || allowed.has(row)) &&
      (output === undefined || output[row] >= 1) &&
      // Energy without a run is that of the idle device.
      duration?.[row] !== 0,
  );
  const durationSec = duration && take(duration, rows);
  return {
    metric,
    rows,
    position: rows.map((row) => table.position[row]),
    tokens: tokensOf(take(table.inputTokens, rows), output && take(output, rows)),
    target: take(table.values[metric] ?? new Float64Array(table.length), rows),
    ...(durationSec?.every((sec) => sec > 0) ? { durationSec } : {}),
  };
};

/** The k-th, ... entries of the rows. */
export const takeMetricRows = (all: MetricRows, entries: Int32Array): MetricRows => ({
  metric: all.metric,
  rows: entries.map((k) => all.rows[k]),
  position: entries.map((k) => all.position[k]),
  tokens: takeRows(all.tokens, entries),
  target: take(all.target, entries),
  ...(all.durationSec ? { durationSec: take(all.durationSec, entries) } : {}),
});

export const FOLDS = 5;

/**
 * Predictions of every row by a model that has not seen it: fold = place in the file modulo the number of folds, fixed, so that dropping a row moves
 * no other one.
 */
export const outOfFold = (
  all: MetricRows,
  regressor: RegressorName,
  options: RegressorOptions,
  folds = FOLDS,
): Float64Array => {
  const predicted = new Float64Array(all.target.length);
  const entries = Int32Array.from(all.position.keys());
  for (let fold = 0; fold < folds; fold++) {
    const test = entries.filter((k) => all.position[k] % folds === fold);
    if (test.length === 0) continue;
    const train = entries.filter((k) => all.position[k] % folds !== fold);
    const values = fitRegressor(regressor, takeMetricRows(all, train), options).predict(
      takeMetricRows(all, test).tokens,
    );
    test.forEach((k, i) => {
      predicted[k] = values[i];
    });
  }
  return predicted;
};
