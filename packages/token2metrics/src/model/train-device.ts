import { dropFlagged, type QualityOptions, qualityFindings } from '../quality/quality.js';
import { DEFAULT_PADDING } from '../regressors/physics.js';
import type { Measurements } from '../table/measurements.js';
import { METRICS, type Metric } from '../table/metric.js';
import { Token2MetricsError } from '../token2metrics-error.js';
import type { DeviceFacts, DeviceModel, MetricModel } from './device-model.js';
import { type RegressionChoice, type TrainedMetric, trainMetric } from './train-metric.js';
import { type MetricRows, metricRows } from './training-rows.js';
import { validate } from './validation.js';

export interface TrainOptions extends QualityOptions {
  /** Default `auto`. */
  readonly regression?: RegressionChoice;
  /** Model total latency by itself; default false: as the sum of prefill and decode, where both were measured. */
  readonly directTotal?: boolean;
  /** Leave out rows that the quality checks call outliers; default false: they are only named. */
  readonly dropOutliers?: boolean;
  /** Of the intervals; default 0.9. */
  readonly level?: number;
  readonly padding?: number;
  readonly degree?: number;
  readonly trees?: number;
  readonly seed?: number;
  /** What to call the model; default the name in the file. */
  readonly name?: string;
  readonly facts?: DeviceFacts;
  /** Told before each metric. */
  readonly onMetric?: (metric: Metric) => void;
}

/** What a metric's model said about rows that it had not seen. */
export interface HeldOut {
  readonly metric: Metric;
  /** Row numbers in the table that was trained on (after dropping). */
  readonly rows: Int32Array;
  /** SI. */
  readonly measured: Float64Array;
  readonly predicted: Float64Array;
}

export interface TrainedDevice {
  readonly model: DeviceModel;
  /** One a metric, in the order of `METRICS`. */
  readonly heldOut: readonly HeldOut[];
  /** The rows trained on: without those dropped. */
  readonly table: Measurements;
}

/**
 * Trains every metric that the measurements have.
 *
 * @throws Token2MetricsError `not-enough-rows`, `no-rows`
 *
 * @example
 * const { model } = trainDevice(table, { regression: 'physics' });
 * model.metrics.total?.validation?.mapePercent // => 0.16
 */
export const trainDevice = (table: Measurements, options: TrainOptions = {}): TrainedDevice => {
  const findings = qualityFindings(table, options);
  const used = options.dropOutliers ? dropFlagged(table, findings) : table;
  const { regression = 'auto', level = 0.9, padding = DEFAULT_PADDING } = options;
  const settings = { ...options, regression, level, padding };
  const trained: Partial<Record<Metric, { readonly rows: MetricRows; readonly result: TrainedMetric }>> = {};
  const sum = !options.directTotal && used.values.ttft !== undefined && used.values.decode !== undefined;
  for (const metric of METRICS) {
    if (metric === 'total' && sum) continue;
    const rows = metricRows(used, metric);
    if (rows.target.length === 0) continue;
    options.onMetric?.(metric);
    trained[metric] = { rows, result: trainMetric(rows, settings) };
  }
  const metrics: Partial<Record<Metric, MetricModel>> = Object.fromEntries(
    Object.entries(trained).map(([metric, { result }]) => [metric, result.model]),
  );
  const heldOut = new Map<Metric, HeldOut>();
  for (const { rows, result } of Object.values(trained)) {
    heldOut.set(rows.metric, {
      metric: rows.metric,
      rows: rows.rows,
      measured: rows.target,
      predicted: result.outOfFold,
    });
  }
  if (sum && trained.ttft && trained.decode) {
    const total = sumOfParts(used, trained.ttft, trained.decode);
    if (total.rows.length > 0) heldOut.set('total', total);
    metrics.total = sumModel(trained.decode.result.model, total, level);
  }
  if (Object.keys(metrics).length === 0) {
    throw new Token2MetricsError(
      'token2metrics/no-rows',
      `${used.model || 'model'}: needs at least one of ${METRICS.join(', ')}; got none`,
      {
        file: used.file,
      },
    );
  }
  const model: DeviceModel = {
    name: options.name ?? used.model,
    facts: options.facts ?? {},
    padding,
    metrics,
    source: { file: used.file, rows: used.length },
    findings: findings.map(({ code, metric, count, message }) => ({
      code,
      ...(metric ? { metric } : {}),
      count,
      message,
    })),
  };
  return { model, heldOut: METRICS.flatMap((metric) => heldOut.get(metric) ?? []), table: used };
};

type Part = { readonly rows: MetricRows; readonly result: TrainedMetric };

/** Held against the measured total where there is one, else against the sum of the measured parts. */
const sumOfParts = (table: Measurements, ttft: Part, decode: Part): HeldOut => {
  const ttftAt = new Map<number, number>();
  for (const [k, row] of ttft.rows.rows.entries()) ttftAt.set(row, k);
  const both = Int32Array.from(decode.rows.rows.keys()).filter((k) => ttftAt.has(decode.rows.rows[k]));
  const rows = both.map((k) => decode.rows.rows[k]);
  const partOf = (of: 'target' | 'predicted') =>
    Float64Array.from(both, (k, i) => {
      const other = ttftAt.get(rows[i]) as number;
      return of === 'target'
        ? ttft.rows.target[other] + decode.rows.target[k]
        : ttft.result.outOfFold[other] + decode.result.outOfFold[k];
    });
  const measured = partOf('target').map((parts, i) => {
    const total = table.values.total?.[rows[i]];
    return total !== undefined && total > 0 ? total : parts;
  });
  return { metric: 'total', rows, measured, predicted: partOf('predicted') };
};

const sumModel = (decode: MetricModel, { measured, predicted }: HeldOut, level: number): MetricModel => ({
  metric: 'total',
  method: 'sum',
  alternatives: [],
  range: decode.range,
  candidates: [],
  ...(measured.length === 0
    ? {}
    : { validation: validate(measured, predicted, decode.validation?.scheme ?? '', level) }),
});
