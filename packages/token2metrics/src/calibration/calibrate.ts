import { trainingRangeOf } from '@stepclock/regression';
import { fault } from '../fault.js';
import type { DeviceFacts, DeviceModel, MetricModel } from '../model/device-model.js';
import { metricRows } from '../model/training-rows.js';
import { type Interval, type Validation, validate } from '../model/validation.js';
import { qualityFindings } from '../quality/quality.js';
import type { Predictor } from '../regressors/predictor.js';
import type { Measurements } from '../table/measurements.js';
import { METRICS, type Metric } from '../table/metric.js';
import { settingsOf } from '../table/settings.js';
import { chooseMethod, type MethodChoice } from './choose-method.js';
import { type CalibrationMethod, calibrateBy, LEAST_SETTINGS, methodsFor, PLAIN, type Samples } from './methods.js';
import { sourcePredictor } from './source-predictor.js';

export interface CalibrateOptions {
  /** Default `auto`: by leaving settings out. */
  readonly method?: CalibrationMethod | 'auto';
  /** Of the intervals; default 0.9. */
  readonly level?: number;
  readonly name?: string;
  /** Of the target. */
  readonly facts?: DeviceFacts;
}

/** How one metric was carried over. */
interface MetricCalibration {
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
 * like any other, validated by leaving out one setting of the samples after another.
 *
 * @throws Fault `token2metrics/not-enough-rows` when nothing can be carried over
 */
export const calibrate = (source: DeviceModel, target: Measurements, options: CalibrateOptions = {}): Calibration => {
  const metrics: Partial<Record<Metric, MetricModel>> = {};
  const done: MetricCalibration[] = [];
  const left: { metric: Metric; reason: string }[] = [];
  const { method: wanted = 'auto', level = 0.9 } = options;
  for (const metric of METRICS) {
    const rows = metricRows(target, metric);
    const from = sourcePredictor(source, metric);
    const range = source.metrics[metric]?.range;
    if (rows.target.length === 0) {
      const has = target.values[metric]?.some((value) => value > 0) ?? false;
      const reason = !has
        ? 'the samples do not have it'
        : target.inputTokens
          ? 'no row of the samples has it together with its token counts and its duration'
          : 'the samples do not have input_tokens (--join takes them from a table of the same questions)';
      if (range) left.push({ metric, reason });
      continue;
    }
    if (!from || !range) {
      left.push({ metric, reason: 'the source model does not predict it' });
      continue;
    }
    const missing = range.features.find(({ name }) => !rows.tokens.names.includes(name));
    if (missing) {
      left.push({ metric, reason: `the samples do not have ${missing.name}` });
      continue;
    }
    const choice = methodFor(from, rows, wanted);
    const validationOf = (method: CalibrationMethod): Validation | undefined => {
      const held = choice.trials.find((trial) => trial.method === method)?.predicted;
      if (!held || held.length === 0) return undefined;
      const setting = settingsOf(rows.tokens);
      const scheme = `one of ${choice.settings} settings left out`;
      return validate({ target: rows.target, predicted: held, setting }, scheme, level);
    };
    const validation = validationOf(choice.method);
    // The plain ratio speaks where the chosen method comes out below zero; away from the samples, how much the two disagree is what they leave open.
    metrics[metric] = {
      metric,
      method: choice.method,
      predictor: calibrateBy(choice.method, from, rows),
      ...(choice.method !== PLAIN && {
        fallback: { predictor: calibrateBy(PLAIN, from, rows), ...intervalOf(validationOf(PLAIN)) },
      }),
      alternatives: [],
      // Good where the source is; `rows` counts what was measured here.
      range: { ...range, rows: rows.target.length },
      measured: trainingRangeOf(rows.tokens),
      candidates: [],
      ...(validation && { validation }),
    };
    done.push({ metric, samples: rows.target.length, choice });
  }
  if (done.length === 0) {
    throw fault('not-enough-rows', {
      what: 'samples',
      rule: `must measure at least one metric that the source model has (${Object.keys(source.metrics).join(', ')})`,
      file: target.file,
      ...(left.length > 0 ? { hint: left.map(({ metric, reason }) => `${metric}: ${reason}`).join('; ') } : {}),
    });
  }
  return {
    model: {
      name: options.name ?? source.name,
      facts: options.facts ?? {},
      padding: source.padding,
      metrics,
      source: { file: target.file, rows: target.length },
      findings: qualityFindings(target, { padding: source.padding }).map(({ code, metric, count, message }) => ({
        code,
        ...(metric ? { metric } : {}),
        count,
        message,
      })),
    },
    metrics: done,
    left,
  };
};

const intervalOf = (validation: Validation | undefined): { readonly interval?: Interval } =>
  validation?.interval ? { interval: validation.interval } : {};

const methodFor = (from: Predictor, samples: Samples, wanted: CalibrationMethod | 'auto'): MethodChoice => {
  const choice = chooseMethod(from, samples);
  // A metric without physics form goes by a ratio even where physics was asked for: the others would be lost with it.
  if (wanted === 'auto') return choice;
  if (!methodsFor(from).includes(wanted)) {
    return { ...choice, reason: `${wanted} needs a physics form, which the source has not: ${choice.reason}` };
  }
  if (choice.settings < LEAST_SETTINGS[wanted]) {
    throw fault('not-enough-rows', {
      what: wanted,
      rule: `must have samples of at least ${LEAST_SETTINGS[wanted]} settings of ${samples.metric}`,
      value: choice.settings,
    });
  }
  return { ...choice, method: wanted, reason: 'asked for' };
};
