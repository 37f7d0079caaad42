import { type RegressionMetrics, regressionMetrics } from '@stepclock/regression';
import { fault } from '../fault.js';
import { INPUT, OUTPUT } from '../regressors/tokens.js';
import type { Measurements } from '../table/measurements.js';
import { METRICS, type Metric } from '../table/metric.js';
import type { DeviceModel } from './device-model.js';
import { type PredictOptions, predictDevice } from './predict.js';
import { metricRows } from './training-rows.js';

/** A model held against measurements. */
export interface MetricEvaluation {
  readonly metric: Metric;
  /** Row numbers in the table. */
  readonly rows: Int32Array;
  readonly measured: Float64Array;
  readonly predicted: Float64Array;
  readonly metrics: RegressionMetrics;
  readonly mapePercent: number;
  /** Share of the rows inside the model's interval, and its level. */
  readonly coverage?: { readonly level: number; readonly share: number };
  readonly outsideRows: number;
  readonly fallbackRows: number;
  /** Rows of which the model says nothing possible; they are in none of the other figures. */
  readonly emptyRows: number;
}

/**
 * Predicts measured requests and says how far off. Rows that the model was trained on flatter it: hold some out.
 *
 * @throws Fault `token2metrics/no-rows` when model and measurements share no metric
 */
export const evaluateDevice = (
  model: DeviceModel,
  table: Measurements,
  options: PredictOptions = {},
): MetricEvaluation[] => {
  const evaluations = METRICS.flatMap((metric) => {
    const rows = metricRows(table, metric);
    const own = model.metrics[metric];
    if (!own || rows.target.length === 0) return [];
    const only =
      metric === 'total' && model.metrics.total?.method === 'sum' ? model : { ...model, metrics: { [metric]: own } };
    const take = (column: Float64Array) => Float64Array.from(rows.rows, (row) => column[row]);
    const prediction = predictDevice(
      only,
      table.inputTokens && take(table.inputTokens),
      metric === 'ttft' ? undefined : table.outputTokens && take(table.outputTokens),
      { ...options, impossible: 'leave-empty' },
    )[metric];
    if (!prediction) return [];
    const told = Int32Array.from(rows.rows.keys()).filter((i) => prediction.empty[i] === 0);
    if (told.length === 0) return [];
    const of = (column: Float64Array) => Float64Array.from(told, (i) => column[i]);
    const [measured, value] = [of(rows.target), of(prediction.value)];
    const interval = prediction.interval && {
      level: prediction.interval.level,
      low: of(prediction.interval.low),
      high: of(prediction.interval.high),
    };
    const metrics = regressionMetrics(measured, value);
    const inside = interval && measured.filter((y, i) => interval.low[i] <= y && y <= interval.high[i]);
    const sum = (flags: Uint8Array) => flags.reduce((total, flag) => total + flag, 0);
    return [
      {
        metric,
        rows: told.map((i) => rows.rows[i]),
        measured,
        predicted: value,
        metrics,
        mapePercent: metrics.mapePercent ?? 0,
        ...(interval && inside ? { coverage: { level: interval.level, share: inside.length / measured.length } } : {}),
        outsideRows: sum(prediction.outside),
        fallbackRows: sum(prediction.fellBack),
        emptyRows: rows.rows.length - told.length,
      },
    ];
  });
  if (evaluations.length > 0) return evaluations;
  const lacking = METRICS.flatMap((metric) => {
    const names = model.metrics[metric]?.range.features.map(({ name }) => name) ?? [];
    const missing = names.filter(
      (name) => (name === INPUT ? table.inputTokens : name === OUTPUT ? table.outputTokens : undefined) === undefined,
    );
    return table.values[metric] && missing.length > 0 ? [`${metric} needs ${missing.join(' and ')}`] : [];
  });
  throw fault('no-rows', {
    what: table.model || 'measurements',
    rule:
      lacking.length > 0
        ? `must have the token counts that the model asks for: ${lacking.join(', ')}`
        : `must have a metric that the model predicts (${Object.keys(model.metrics).join(', ')})`,
    value: Object.keys(table.values).join(', ') || undefined,
    file: table.file,
    ...(lacking.length > 0 && !table.inputTokens
      ? { hint: '--join takes prompt lengths from a table of the same questions' }
      : {}),
  });
};
