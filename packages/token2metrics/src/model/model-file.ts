import { between, count, level, type ModelFileKind, nonNegative, readModelFile, text } from '@stepclock/model-file';
import type { RegressionMetrics } from '@stepclock/regression';
import * as v from 'valibot';
import { CALIBRATION_METHODS } from '../calibration/methods.js';
import { fault } from '../fault.js';
import { coefficient, paddingSchema, size } from '../regressors/bounds.js';
import type { Predictor } from '../regressors/predictor.js';
import { REGRESSORS } from '../regressors/regressors.js';
import { INPUT, OUTPUT } from '../regressors/tokens.js';
import { METRIC_FACTS, METRICS } from '../table/metric.js';
import { SI_UNIT } from '../table/units.js';
import type { Answerer, DeviceModel, MetricModel } from './device-model.js';
import { predictorSchema } from './predictor-schema.js';
import type { Interval, Validation } from './validation.js';

const metricName = v.picklist(METRICS, `must be one of ${METRICS.join(', ')}`);

/** A radius a million times the value says nothing more than one of a thousand times. */
const intervalSchema = v.pipe(
  v.object({ level, relative_radius: between(0, 1e6) }),
  v.transform((file): Interval => ({ level: file.level, relativeRadius: file.relative_radius })),
);

const validationSchema = v.pipe(
  v.object({
    scheme: text(),
    settings: count,
    n: count,
    mse: nonNegative,
    rmse: size,
    mae: size,
    mape_percent: size,
    median_absolute_error: size,
    p90_absolute_error: size,
    p95_absolute_error: size,
    p99_absolute_error: size,
    max_absolute_error: size,
    bias: coefficient,
    r2: v.nullable(coefficient),
    explained_variance: v.nullable(coefficient),
    interval: v.nullable(intervalSchema),
  }),
  v.transform(
    ({ scheme, settings, interval, ...file }): Validation => ({
      scheme,
      settings,
      metrics: {
        n: file.n,
        mse: file.mse,
        rmse: file.rmse,
        mae: file.mae,
        mapePercent: file.mape_percent,
        medianAbsoluteError: file.median_absolute_error,
        p90AbsoluteError: file.p90_absolute_error,
        p95AbsoluteError: file.p95_absolute_error,
        p99AbsoluteError: file.p99_absolute_error,
        maxAbsoluteError: file.max_absolute_error,
        bias: file.bias,
        r2: file.r2,
        explainedVariance: file.explained_variance,
      },
      mapePercent: file.mape_percent,
      ...(interval ? { interval } : {}),
    }),
  ),
);

const rangeSchema = v.object({
  rows: count,
  features: v.pipe(
    v.array(
      v.pipe(
        v.object({ name: v.picklist([INPUT, OUTPUT], `must be ${INPUT} or ${OUTPUT}`), min: size, max: size }),
        v.check(({ min, max }) => min <= max, 'must be a range with min <= max'),
      ),
      'must be an array of ranges',
    ),
    v.check(
      (features) => features.length > 0 && new Set(features.map(({ name }) => name)).size === features.length,
      'must be one or two different ranges',
    ),
  ),
});

const answererEntries = { predictor: predictorSchema, interval: v.nullable(intervalSchema) };

const answerer = ({ predictor, interval }: { predictor: Predictor; interval: Interval | null }): Answerer => ({
  predictor,
  ...(interval ? { interval } : {}),
});

const METHODS = [...REGRESSORS, 'sum', ...CALIBRATION_METHODS] as const;
const regressor = v.picklist(REGRESSORS, `must be one of ${REGRESSORS.join(', ')}`);

const metricSchema = v.pipe(
  v.object({
    metric: metricName,
    unit: text(),
    method: v.picklist(METHODS, `must be one of ${METHODS.join(', ')}`),
    training_range: rangeSchema,
    measured_range: v.nullable(rangeSchema),
    validation: v.nullable(validationSchema),
    candidates: v.array(
      v.object({ regressor, mape_percent: v.nullable(size), reason: v.optional(text()) }),
      'must be an array of objects',
    ),
    predictor: v.nullable(predictorSchema),
    fallback: v.nullable(v.pipe(v.object(answererEntries), v.transform(answerer))),
    alternatives: v.array(
      v.pipe(
        v.object({ regressor, ...answererEntries }),
        v.transform((file) => ({ regressor: file.regressor, ...answerer(file) })),
      ),
      'must be an array of objects',
    ),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const file = dataset.value;
    const refuse = (key: keyof typeof file, message: string): void =>
      addIssue({
        message,
        input: file[key],
        path: [{ type: 'object', origin: 'value', input: file, key, value: file[key] }],
      });
    const unit = SI_UNIT[METRIC_FACTS[file.metric].quantity];
    if (file.unit !== unit) refuse('unit', `must be "${unit}" for ${file.metric}`);
    if (file.method === 'sum' && file.metric !== 'total') refuse('method', 'must not be "sum" but for total');
    if (file.method !== 'sum' && file.predictor === null) refuse('predictor', 'must be there');
    const names: readonly string[] = file.training_range.features.map(({ name }) => name);
    const asked = [file.predictor, file.fallback?.predictor, ...file.alternatives.map(({ predictor }) => predictor)];
    if (!asked.every((predictor) => predictor?.featureNames.every((name) => names.includes(name)) ?? true)) {
      refuse('training_range', 'must name every feature that the predictors ask for');
    }
    if (file.measured_range && file.measured_range.features.map(({ name }) => name).join() !== names.join()) {
      refuse('measured_range', 'must name the same features as training_range');
    }
  }),
  v.transform(
    (file): MetricModel => ({
      metric: file.metric,
      method: file.method,
      ...(file.predictor ? { predictor: file.predictor } : {}),
      ...(file.fallback ? { fallback: file.fallback } : {}),
      alternatives: file.alternatives,
      range: file.training_range,
      ...(file.measured_range ? { measured: file.measured_range } : {}),
      ...(file.validation ? { validation: file.validation } : {}),
      candidates: file.candidates.map(({ regressor, mape_percent, reason }) => ({
        regressor,
        mapePercent: mape_percent,
        ...(reason === undefined ? {} : { reason }),
      })),
    }),
  ),
);

const fact = v.nullish(text());

const schema = v.pipe(
  v.object({
    schema: text(),
    model: text(200),
    device: fact,
    engine: fact,
    power_mode: fact,
    power_rail: fact,
    date: fact,
    prompt_padding_tokens: paddingSchema,
    trained_on: v.object({ file: text(), rows: count }),
    findings: v.array(
      v.object({ code: text(200), metric: v.optional(metricName), count, message: text() }),
      'must be an array of objects',
    ),
    metrics: v.pipe(
      v.array(metricSchema, 'must be an array of objects'),
      v.check((metrics) => metrics.length > 0, 'must have a metric'),
      v.check(
        (metrics) => new Set(metrics.map(({ metric }) => metric)).size === metrics.length,
        'must have every metric once',
      ),
    ),
  }),
  v.transform((file): DeviceModel => {
    const { device, engine, power_mode: powerMode, power_rail: powerRail, date } = file;
    const facts = { device, engine, powerMode, powerRail, date };
    return {
      name: file.model,
      facts: Object.fromEntries(Object.entries(facts).filter(([, told]) => told != null)),
      padding: file.prompt_padding_tokens,
      metrics: Object.fromEntries(file.metrics.map((metric) => [metric.metric, metric])),
      source: file.trained_on,
      findings: file.findings.map(({ code, metric, ...rest }) => ({ code, ...(metric ? { metric } : {}), ...rest })),
    };
  }),
);

const KIND: ModelFileKind<typeof schema> = {
  family: 'stepclock/token2metrics-model',
  version: 2,
  schema,
  code: 'token2metrics/bad-model',
  described: "a model as 'stepclock token2metrics train' writes it",
};

/** What the `schema` field of a model file says. */
export const TOKEN2METRICS_SCHEMA = `${KIND.family}@${KIND.version}`;

/**
 * A model from the text of its file.
 *
 * @param file its name, for messages
 * @throws Fault `token2metrics/bad-model` with the path of the first field that breaks its rule
 */
export const readDeviceModel = (text: string, file?: string): DeviceModel => {
  // Version 1 held no covariances: what it says away from its rows is what version 2 was made to mend.
  const upgrade = (_: unknown, from: number): never => {
    throw fault('bad-model', {
      what: 'schema',
      rule: `must be of version ${KIND.version}`,
      value: from,
      file,
      hint: 'train the model anew',
    });
  };
  return readModelFile(text, { ...KIND, upgrade }, file);
};

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
  measured_range: model.measured ?? null,
  validation: model.validation ? validationToJSON(model.validation) : null,
  candidates: model.candidates.map(({ regressor, mapePercent, reason }) => ({
    regressor,
    mape_percent: mapePercent,
    ...(reason === undefined ? {} : { reason }),
  })),
  predictor: model.predictor?.toJSON() ?? null,
  fallback: model.fallback ? answererToJSON(model.fallback) : null,
  alternatives: model.alternatives.map(({ regressor, ...own }) => ({ regressor, ...answererToJSON(own) })),
});

const answererToJSON = ({ predictor, interval }: Answerer): object => ({
  predictor: predictor.toJSON(),
  interval: intervalToJSON(interval),
});

const intervalToJSON = (interval: Interval | undefined): object | null =>
  interval ? { level: interval.level, relative_radius: interval.relativeRadius } : null;

/** Error metrics with the names they have in files. */
export const errorsToJSON = (metrics: RegressionMetrics): Record<string, number | null> => ({
  n: metrics.n,
  mse: metrics.mse,
  rmse: metrics.rmse,
  mae: metrics.mae,
  mape_percent: metrics.mapePercent,
  median_absolute_error: metrics.medianAbsoluteError,
  p90_absolute_error: metrics.p90AbsoluteError,
  p95_absolute_error: metrics.p95AbsoluteError,
  p99_absolute_error: metrics.p99AbsoluteError,
  max_absolute_error: metrics.maxAbsoluteError,
  bias: metrics.bias,
  r2: metrics.r2,
  explained_variance: metrics.explainedVariance,
});

const validationToJSON = ({ scheme, settings, metrics, interval }: Validation): object => ({
  scheme,
  settings,
  ...errorsToJSON(metrics),
  interval: intervalToJSON(interval),
});
