import { type RegressionMetrics, regressionMetrics } from '@stepclock/regression';
import { fault } from '../fault.js';
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
      options,
    )[metric];
    if (!prediction) return [];
    const { value, interval } = prediction;
    const metrics = regressionMetrics(rows.target, value);
    const inside = interval && rows.target.filter((y, i) => interval.low[i] <= y && y <= interval.high[i]);
    const sum = (flags: Uint8Array) => flags.reduce((total, flag) => total + flag, 0);
    return [
      {
        metric,
        rows: rows.rows,
        measured: rows.target,
        predicted: value,
        metrics,
        mapePercent: metrics.mapePercent ?? 0,
        ...(interval && inside
          ? { coverage: { level: interval.level, share: inside.length / rows.target.length } }
          : {}),
        outsideRows: sum(prediction.outside),
        fallbackRows: sum(prediction.fellBack),
      },
    ];
  });
  if (evaluations.length > 0) return evaluations;
  throw fault('no-rows', {
    what: table.model || 'measurements',
    rule: `must have a metric that the model predicts (${Object.keys(model.metrics).join(', ')})`,
    value: Object.keys(table.values).join(', ') || undefined,
    file: table.file,
  });
};
