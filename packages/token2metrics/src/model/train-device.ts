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

/**
 * Trains every metric that the measurements have.
 *
 * @throws Token2MetricsError `not-enough-rows`, `no-rows`
 *
 * @example
 * const model = trainDevice(table, { regression: 'physics' });
 * model.metrics.total?.validation?.mapePercent // => 0.16
 */
export const trainDevice = (table: Measurements, options: TrainOptions = {}): DeviceModel => {
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
  if (sum && trained.ttft && trained.decode) metrics.total = sumOfParts(used, trained.ttft, trained.decode, level);
  if (Object.keys(metrics).length === 0) {
    throw new Token2MetricsError(
      'token2metrics/no-rows',
      `${used.model || 'model'}: needs at least one of ${METRICS.join(', ')}; got none`,
      {
        file: used.file,
      },
    );
  }
  return {
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
};

type Part = { readonly rows: MetricRows; readonly result: TrainedMetric };

/** Judged on the measured total where there is one, else on the sum of the measured parts. */
const sumOfParts = (table: Measurements, ttft: Part, decode: Part, level: number): MetricModel => {
  const ttftAt = new Map<number, number>();
  for (const [k, row] of ttft.rows.rows.entries()) ttftAt.set(row, k);
  const target: number[] = [];
  const predicted: number[] = [];
  decode.rows.rows.forEach((row, k) => {
    const other = ttftAt.get(row);
    if (other === undefined) return;
    const parts = (ttft.rows.target[other] as number) + (decode.rows.target[k] as number);
    const total = table.values.total?.[row];
    target.push(total !== undefined && total > 0 ? total : parts);
    predicted.push((ttft.result.outOfFold[other] as number) + (decode.result.outOfFold[k] as number));
  });
  const scheme = decode.result.model.validation?.scheme ?? '';
  return {
    metric: 'total',
    method: 'sum',
    alternatives: [],
    range: decode.result.model.range,
    candidates: [],
    ...(target.length === 0
      ? {}
      : { validation: validate(Float64Array.from(target), Float64Array.from(predicted), scheme, level) }),
  };
};
