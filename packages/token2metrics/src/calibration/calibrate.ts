import { trainingRangeOf } from '@stepclock/regression';
import type { DeviceFacts, DeviceModel, MetricModel } from '../model/device-model.js';
import { metricRows } from '../model/training-rows.js';
import { validate } from '../model/validation.js';
import type { Measurements } from '../table/measurements.js';
import { METRICS, type Metric } from '../table/metric.js';
import { Token2MetricsError } from '../token2metrics-error.js';
import { chooseMethod, type MethodChoice, type MethodTrial } from './choose-method.js';
import { type CalibrationMethod, calibrateBy, LEAST_SAMPLES } from './methods.js';
import { sourcePhysics } from './source-physics.js';

export interface CalibrateOptions {
  /** Default `auto`: by leave-one-out. */
  readonly method?: CalibrationMethod | 'auto';
  /** Of the intervals; default 0.9. */
  readonly level?: number;
  readonly name?: string;
  /** Of the target. */
  readonly facts?: DeviceFacts;
}

/** How one metric was carried over. */
export interface MetricCalibration {
  readonly metric: Metric;
  readonly samples: number;
  readonly choice: MethodChoice;
}

export interface Calibration {
  readonly model: DeviceModel;
  readonly metrics: readonly MetricCalibration[];
  /** Metrics of the source that the samples do not have, and of the samples that the source does not have. */
  readonly left: readonly { readonly metric: Metric; readonly reason: string }[];
}

/**
 * Carries a model of one device (a server) to another with a few samples measured there. Only what both have is carried over; the result is a model
 * like any other, validated by leave-one-out over the samples.
 *
 * @throws Token2MetricsError `token2metrics/not-enough-rows` when nothing can be carried over
 */
export const calibrate = (source: DeviceModel, target: Measurements, options: CalibrateOptions = {}): Calibration => {
  const metrics: Partial<Record<Metric, MetricModel>> = {};
  const done: MetricCalibration[] = [];
  const left: { metric: Metric; reason: string }[] = [];
  for (const metric of METRICS) {
    const rows = metricRows(target, metric);
    const physics = sourcePhysics(source, metric);
    if (rows.target.length === 0) {
      if (source.metrics[metric]) left.push({ metric, reason: 'the samples do not have it' });
      continue;
    }
    if (!physics) {
      left.push({ metric, reason: 'the source model has no physics form of it' });
      continue;
    }
    const choice = methodFor(physics, rows, options.method ?? 'auto', metric);
    const trial = choice.trials.find(({ method }) => method === choice.method);
    metrics[metric] = {
      metric,
      method: choice.method,
      predictor: calibrateBy(choice.method, physics, rows),
      alternatives: [],
      // Good where the source is; `rows` counts what was measured here.
      range: { ...(source.metrics[metric]?.range ?? trainingRangeOf(rows.tokens)), rows: rows.target.length },
      candidates: [],
      ...validationOf(rows.target, trial, options.level ?? 0.9),
    };
    done.push({ metric, samples: rows.target.length, choice });
  }
  if (done.length === 0) {
    throw new Token2MetricsError(
      'token2metrics/not-enough-rows',
      `samples: must measure at least one metric that the source model has (${Object.keys(source.metrics).join(', ')}); got ${left.map(({ metric }) => metric).join(', ') || 'none'}`,
      { file: target.file },
    );
  }
  return {
    model: {
      name: options.name ?? source.name,
      facts: options.facts ?? {},
      padding: source.padding,
      metrics,
      source: { file: target.file, rows: target.length },
      findings: [],
    },
    metrics: done,
    left,
  };
};

const methodFor = (
  physics: Parameters<typeof chooseMethod>[0],
  rows: Parameters<typeof chooseMethod>[1],
  wanted: CalibrationMethod | 'auto',
  metric: Metric,
): MethodChoice => {
  const choice = chooseMethod(physics, rows);
  if (wanted === 'auto') return choice;
  const k = rows.target.length;
  if (k < LEAST_SAMPLES[wanted]) {
    throw new Token2MetricsError(
      'token2metrics/not-enough-rows',
      `${wanted}: needs at least ${LEAST_SAMPLES[wanted]} samples of ${metric}; got ${k}`,
      {
        value: k,
        expected: `at least ${LEAST_SAMPLES[wanted]}`,
      },
    );
  }
  return { ...choice, method: wanted, reason: 'asked for' };
};

const validationOf = (
  target: Float64Array,
  trial: MethodTrial | undefined,
  level: number,
): Pick<MetricModel, 'validation'> =>
  trial && trial.predicted.length > 0
    ? { validation: validate(target, trial.predicted, `leave one out of ${target.length} samples`, level) }
    : {};
