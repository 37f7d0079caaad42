import { isFault } from '@stepclock/faults';
import { JsonReader, type RegressionMetrics, type TrainingRange } from '@stepclock/regression';
import { CALIBRATION_METHODS } from '../calibration/methods.js';
import type { FindingCode } from '../quality/finding.js';
import { REGRESSORS, type RegressorName } from '../regressors/predictor.js';
import { predictorFromJSON } from '../regressors/predictor-json.js';
import { METRIC_FACTS, METRICS, type Metric, metricOf } from '../table/metric.js';
import { SI_UNIT } from '../table/units.js';
import { Token2MetricsError } from '../token2metrics-error.js';
import type { DeviceModel, MetricModel } from './device-model.js';
import type { Validation } from './validation.js';

const KIND = 'stepclock/token2metrics-model';
const VERSION = 1;

/** What the `schema` field of a model file says. */
export const TOKEN2METRICS_SCHEMA = `${KIND}@${VERSION}`;

/** A model as a plain object for JSON: names in snake_case, SI units, each named. */
export const deviceModelToJSON = (model: DeviceModel): object => ({
  schema: TOKEN2METRICS_SCHEMA,
  model: model.name,
  device: model.facts.device ?? null,
  engine: model.facts.engine ?? null,
  power_mode: model.facts.powerMode ?? null,
  power_rail: model.facts.powerRail ?? null,
  date: model.facts.date ?? null,
  prompt_padding_tokens: model.padding,
  trained_on: model.source,
  findings: model.findings,
  metrics: METRICS.flatMap((metric) => {
    const own = model.metrics[metric];
    return own ? [metricToJSON(own)] : [];
  }),
});

const metricToJSON = (model: MetricModel): object => ({
  metric: model.metric,
  unit: SI_UNIT[METRIC_FACTS[model.metric].quantity],
  method: model.method,
  training_range: model.range,
  validation: model.validation ? validationToJSON(model.validation) : null,
  candidates: model.candidates.map(({ regressor, mapePercent, reason }) => ({
    regressor,
    mape_percent: mapePercent,
    ...(reason === undefined ? {} : { reason }),
  })),
  predictor: model.predictor?.toJSON() ?? null,
  fallback: model.fallback?.toJSON() ?? null,
  alternatives: model.alternatives.map(({ regressor, predictor }) => ({ regressor, predictor: predictor.toJSON() })),
});

/** The error figures of a file, in the order that they are written; in the metric's unit. */
const ERROR_FIELDS = {
  n: 'n',
  mse: 'mse',
  rmse: 'rmse',
  mae: 'mae',
  mapePercent: 'mape_percent',
  medianAbsoluteError: 'median_absolute_error',
  p90AbsoluteError: 'p90_absolute_error',
  p95AbsoluteError: 'p95_absolute_error',
  p99AbsoluteError: 'p99_absolute_error',
  maxAbsoluteError: 'max_absolute_error',
  bias: 'bias',
  r2: 'r2',
  explainedVariance: 'explained_variance',
} as const satisfies Record<keyof RegressionMetrics, string>;

/** Error metrics with the names they have in files. */
export const errorsToJSON = (metrics: RegressionMetrics): Record<string, number | null> =>
  Object.fromEntries(
    Object.entries(ERROR_FIELDS).map(([field, name]) => [name, metrics[field as keyof RegressionMetrics]]),
  );

const validationToJSON = ({ scheme, metrics, interval }: Validation): object => ({
  scheme,
  ...errorsToJSON(metrics),
  interval: interval ? { level: interval.level, relative_radius: interval.relativeRadius } : null,
});

/**
 * A model from its parsed JSON.
 *
 * @throws Token2MetricsError `token2metrics/newer-schema`, `token2metrics/bad-model`
 */
export const deviceModelFromJSON = (value: unknown, file = 'model'): DeviceModel => {
  try {
    const reader = JsonReader.of(value);
    checkSchema(reader, file);
    const optional = (key: string) => (reader.has(key) ? reader.string(key) : undefined);
    const facts = {
      device: optional('device'),
      engine: optional('engine'),
      powerMode: optional('power_mode'),
      powerRail: optional('power_rail'),
      date: optional('date'),
    };
    const source = reader.object('trained_on');
    const metrics = reader.objects('metrics').map((entry) => metricFromJSON(entry));
    const given = Object.fromEntries(Object.entries(facts).filter(([, fact]) => fact !== undefined));
    return {
      name: reader.string('model'),
      facts: given,
      padding: reader.count('prompt_padding_tokens'),
      metrics: Object.fromEntries(metrics.map((metric) => [metric.metric, metric])),
      source: { file: source.string('file'), rows: source.count('rows') },
      findings: reader.objects('findings').map((finding) => ({
        code: finding.string('code') as FindingCode,
        ...(finding.has('metric') ? { metric: metricOf(finding.string('metric')) } : {}),
        count: finding.count('count'),
        message: finding.string('message'),
      })),
    };
  } catch (error) {
    if (
      !isFault(error, 'regression') &&
      !(error instanceof Token2MetricsError && error.code === 'token2metrics/unknown-metric')
    )
      throw error;
    throw new Token2MetricsError('token2metrics/bad-model', error.message, { file, value: error.value });
  }
};

const checkSchema = (reader: JsonReader, file: string): void => {
  const schema = reader.raw('schema');
  if (schema === TOKEN2METRICS_SCHEMA) return;
  const version = typeof schema === 'string' ? new RegExp(`^${KIND}@(\\d+)$`).exec(schema)?.[1] : undefined;
  if (version !== undefined && Number(version) > VERSION) {
    throw new Token2MetricsError(
      'token2metrics/newer-schema',
      `schema: this stepclock reads ${TOKEN2METRICS_SCHEMA}, the file was written by a newer one; got '${schema}'. Update stepclock, or train the model anew`,
      { file, value: schema, expected: TOKEN2METRICS_SCHEMA },
    );
  }
  throw new Token2MetricsError(
    'token2metrics/bad-model',
    `schema: must be "${TOKEN2METRICS_SCHEMA}"; got ${JSON.stringify(schema) ?? 'none'}`,
    {
      file,
      value: schema,
      expected: TOKEN2METRICS_SCHEMA,
    },
  );
};

const METHODS: readonly string[] = [...REGRESSORS, 'sum', ...CALIBRATION_METHODS];

const regressorOf = (reader: JsonReader): RegressorName => {
  const name = REGRESSORS.find((known) => known === reader.string('regressor'));
  if (name === undefined) throw reader.fault('regressor', `must be one of ${REGRESSORS.join(', ')}`);
  return name;
};

const metricFromJSON = (reader: JsonReader): MetricModel => {
  const metric: Metric = metricOf(reader.string('metric'));
  const unit = SI_UNIT[METRIC_FACTS[metric].quantity];
  if (reader.string('unit') !== unit) throw reader.fault('unit', `must be "${unit}" for ${metric}`);
  const method = reader.string('method');
  if (!METHODS.includes(method)) throw reader.fault('method', `must be one of ${METHODS.join(', ')}`);
  if (method === 'sum' ? metric !== 'total' : !reader.has('predictor')) {
    throw reader.fault(
      method === 'sum' ? 'method' : 'predictor',
      method === 'sum' ? 'must not be "sum" but for total' : 'must be there',
    );
  }
  const predictorAt = (key: 'predictor' | 'fallback') =>
    reader.has(key) ? { [key]: predictorFromJSON(reader.object(key)) } : {};
  return {
    metric,
    method: method as MetricModel['method'],
    ...predictorAt('predictor'),
    ...predictorAt('fallback'),
    alternatives: reader.objects('alternatives').map((entry) => ({
      regressor: regressorOf(entry),
      predictor: predictorFromJSON(entry.object('predictor')),
    })),
    range: rangeFromJSON(reader.object('training_range')),
    ...(reader.has('validation') ? { validation: validationFromJSON(reader.object('validation')) } : {}),
    candidates: reader.objects('candidates').map((entry) => ({
      regressor: regressorOf(entry),
      mapePercent: entry.has('mape_percent') ? entry.number('mape_percent') : null,
      ...(entry.has('reason') ? { reason: entry.string('reason') } : {}),
    })),
  };
};

const rangeFromJSON = (reader: JsonReader): TrainingRange => ({
  rows: reader.count('rows'),
  features: reader.objects('features').map((feature) => ({
    name: feature.string('name'),
    min: feature.number('min'),
    max: feature.number('max'),
  })),
});

const validationFromJSON = (reader: JsonReader): Validation => {
  const metrics = Object.fromEntries(
    Object.entries(ERROR_FIELDS).map(([field, name]) => [field, reader.has(name) ? reader.number(name) : null]),
  ) as unknown as RegressionMetrics;
  const interval = reader.has('interval') ? reader.object('interval') : undefined;
  return {
    scheme: reader.string('scheme'),
    metrics,
    mapePercent: reader.number('mape_percent'),
    ...(interval
      ? { interval: { level: interval.number('level'), relativeRadius: interval.number('relative_radius') } }
      : {}),
  };
};
