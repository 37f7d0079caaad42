import { fault } from '../fault.js';
import { dropFlagged, type QualityOptions, qualityFindings } from '../quality/quality.js';
import { DEFAULT_PADDING } from '../regressors/physics.js';
import type { Measurements } from '../table/measurements.js';
import { METRICS, type Metric } from '../table/metric.js';
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
interface HeldOut {
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
 * @throws Fault `not-enough-rows`, `no-rows`
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
    // Of prompts that nobody counted, only the decodes can be learnt.
    if ((metric === 'total' && sum) || (metric !== 'decode' && !used.inputTokens)) continue;
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
    const { metric, rows: numbers, target: measured } = rows;
    if (result.outOfFold) heldOut.set(metric, { metric, rows: numbers, measured, predicted: result.outOfFold });
  }
  if (sum && trained.ttft && trained.decode) {
    const total = sumOfParts(used, trained.ttft, trained.decode);
    if (total) heldOut.set('total', total);
    const { range, validation } = trained.decode.result.model;
    metrics.total = {
      metric: 'total',
      method: 'sum',
      alternatives: [],
      range,
      candidates: [],
      ...(total && validation
        ? {
            validation: {
              ...validate({ ...total, target: total.measured }, validation.scheme, level),
              settings: validation.settings,
            },
          }
        : {}),
    };
  }
  if (Object.keys(metrics).length === 0) {
    throw fault('no-rows', {
      what: used.model || 'model',
      rule: `must be measured in at least one of ${METRICS.join(', ')}`,
      file: used.file,
    });
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

/** Held against the measured total where there is one, else against the sum of the measured parts; undefined where no row was held out of both. */
const sumOfParts = (
  table: Measurements,
  ttft: Part,
  decode: Part,
): (HeldOut & Pick<MetricRows, 'setting'>) | undefined => {
  const [ttftHeld, decodeHeld, folding] = [ttft.result.outOfFold, decode.result.outOfFold, decode.result.folding];
  if (!ttftHeld || !decodeHeld || !folding) return undefined;
  const ttftAt = new Map([...ttft.rows.rows].map((row, k) => [row, k]));
  const both = [...decode.rows.rows].flatMap((row, k) => {
    const other = ttftAt.get(row);
    return other === undefined ? [] : [{ row, k, other }];
  });
  if (both.length === 0) return undefined;
  return {
    metric: 'total',
    rows: Int32Array.from(both, ({ row }) => row),
    setting: Int32Array.from(both, ({ k }) => folding.unit[k]),
    measured: Float64Array.from(both, ({ row, k, other }) => {
      const total = table.values.total?.[row];
      return total !== undefined && total > 0 ? total : ttft.rows.target[other] + decode.rows.target[k];
    }),
    predicted: Float64Array.from(both, ({ k, other }) => ttftHeld[other] + decodeHeld[k]),
  };
};
