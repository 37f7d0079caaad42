import type { Fault } from '@stepclock/faults';
import { tQuantile } from '@stepclock/numerics';
import {
  type FeatureTable,
  featureTable,
  outsideHull,
  selectFeatures,
  type TrainingRange,
} from '@stepclock/regression';
import { fault } from '../fault.js';
import { LARGEST } from '../regressors/bounds.js';
import { holdsInsideOnly, type RegressorName } from '../regressors/regressors.js';
import { inputOf, outputOf, tokensOf } from '../regressors/tokens.js';
import { METRIC_FACTS, METRICS, type Metric } from '../table/metric.js';
import type { Answerer, DeviceModel, MetricModel } from './device-model.js';
import type { Interval } from './validation.js';

/** Predictions of one metric, one value a row, SI. */
interface MetricPrediction {
  readonly metric: Metric;
  readonly value: Float64Array;
  /**
   * Bounds at `level`; absent when the model was not validated. Beyond the token counts trained on they widen with the distance, by what the rows leave
   * open of the physics form.
   */
  readonly interval?: { readonly level: number; readonly low: Float64Array; readonly high: Float64Array };
  /** 1 where the token counts lie outside those trained on; of a calibrated model, outside its samples. */
  readonly outside: Uint8Array;
  /** 1 where physics spoke for the regressor: a tree outside its training range, a value that was not above zero. */
  readonly fellBack: Uint8Array;
  /** 1 where nothing possible came out, only with `impossible: 'leave-empty'`: value and bounds are NaN there. */
  readonly empty: Uint8Array;
}

export type DevicePrediction = Partial<Readonly<Record<Metric, MetricPrediction>>>;

export interface PredictOptions {
  /** Use this regressor instead of the chosen one, where the model has it (`train --regression all`). */
  readonly regression?: RegressorName;
  /** What trees do outside the token counts they were trained on: fall back to physics (default) or throw. */
  readonly outsideHull?: 'physics' | 'refuse';
  /** Where neither the regressor nor physics comes out above zero: throw (default), or leave that value empty. */
  readonly impossible?: 'refuse' | 'leave-empty';
}

/**
 * Predicts every metric of a model.
 *
 * @param inputTokens whole numbers from 1; without them only metrics that were learnt without them
 * @param outputTokens of equal length; without them only the time to first token
 * @throws Fault `token2metrics/` `bad-tokens`, `outside-hull`, `no-prediction`, `bad-option`
 *
 * @example
 * predictDevice(model, [100], [50]).total?.value[0] // => 5.1
 */
export const predictDevice = (
  model: DeviceModel,
  inputTokens: ArrayLike<number> | undefined,
  outputTokens?: ArrayLike<number>,
  options: PredictOptions = {},
): DevicePrediction => {
  if (inputTokens) checkTokens('input_tokens', inputTokens);
  if (outputTokens) checkTokens('output_tokens', outputTokens);
  if (inputTokens && outputTokens && outputTokens.length !== inputTokens.length) {
    throw fault('bad-tokens', {
      what: 'output_tokens',
      rule: `must be as many as input_tokens (${inputTokens.length})`,
      value: outputTokens.length,
    });
  }
  const tokens = tokensOf(inputTokens, outputTokens);
  const parts: Partial<Record<Metric, Part>> = {};
  for (const metric of METRICS) {
    const own = model.metrics[metric];
    if (!own || own.method === 'sum' || !own.range.features.every(({ name }) => tokens.names.includes(name))) continue;
    parts[metric] = predictMetric(own, tokens, options);
  }
  const { total } = model.metrics;
  if (total?.method === 'sum' && parts.ttft && parts.decode) parts.total = sumOf(total, parts.ttft, parts.decode);
  return Object.fromEntries(Object.entries(parts).map(([metric, part]) => [metric, predictionOf(part)]));
};

/** Positive whole numbers: nothing else is a request. */
const checkTokens = (name: string, tokens: ArrayLike<number>): void => {
  for (let row = 0; row < tokens.length; row++) {
    const value = tokens[row];
    // 1e9 tokens are more than any model reads; their square is still exact.
    if (Number.isSafeInteger(value) && value >= 1 && value <= 1e9) continue;
    throw fault('bad-tokens', { what: name, rule: 'must be a whole number from 1 to 1e9', value, row });
  }
};

/** A prediction before its bounds are drawn. */
interface Part extends Omit<MetricPrediction, 'interval'> {
  /** The level, where every row has a radius. */
  readonly level: number | undefined;
  /** Half width of the interval of each row, in the metric's unit. */
  readonly radius: Float64Array;
}

const predictionOf = ({ level, radius, ...part }: Part): MetricPrediction => ({
  ...part,
  ...(level === undefined
    ? {}
    : {
        interval: {
          level,
          // NaN where there is no value.
          low: part.value.map((value, i) => Math.max(0, value - radius[i])),
          high: part.value.map((value, i) => value + radius[i]),
        },
      }),
});

const answererFor = (model: MetricModel, regression: RegressorName | undefined): Answerer & { method: string } => {
  const named = model.alternatives.find(({ regressor }) => regressor === regression);
  if (regression !== undefined && !named && model.method !== regression) {
    throw fault('bad-option', {
      what: 'regression',
      rule: `must be one that the model of ${model.metric} has: ${[...new Set([model.method, ...model.alternatives.map((a) => a.regressor)])].join(', ')}`,
      value: regression,
    });
  }
  if (named && named.regressor !== model.method) return { ...named, method: named.regressor };
  const { predictor, validation } = model;
  if (!predictor) throw fault('bad-model', { what: model.metric, rule: 'must have a predictor' });
  const interval = validation?.interval;
  return { predictor, method: model.method, ...(interval ? { interval } : {}) };
};

const predictMetric = (model: MetricModel, tokens: FeatureTable, options: PredictOptions): Part => {
  const { metric, fallback, range, measured = range } = model;
  const features = selectFeatures(
    tokens,
    range.features.map(({ name }) => name),
  );
  const own = answererFor(model, options.regression);
  // Of a calibrated model, what was measured on its own device counts.
  const outside = outsideHull({ featureNames: features.names, trainingRange: measured }, features);
  const value = own.predictor.predict(features);
  const physics = fallback?.predictor.predict(features);
  const fellBack = new Uint8Array(value.length);
  const empty = new Uint8Array(value.length);
  for (let i = 0; i < value.length; i++) {
    const lost = holdsInsideOnly(own.method) && outside[i] === 1;
    if (lost && options.outsideHull === 'refuse') throw refusal(model, features, i);
    if (!lost && isPossible(value[i])) continue;
    const instead = physics?.[i] ?? Number.NaN;
    if (isPossible(instead)) fellBack[i] = 1;
    else if (options.impossible === 'leave-empty') empty[i] = 1;
    else throw noPrediction(model, features, i, value[i], outside[i] === 1);
    value[i] = empty[i] === 1 ? Number.NaN : instead;
  }
  const answers: Part = {
    metric,
    value,
    outside,
    fellBack,
    empty,
    level: own.interval?.level,
    radius: new Float64Array(value.length),
  };
  const spread = spreadBeyond(measured, features, own, fallback, own.interval?.level);
  const few = model.measured ? fewSettings(model.validation?.settings, own.interval?.level) : 1;
  for (let i = 0; i < value.length; i++) {
    const { relativeRadius } = (fellBack[i] === 1 ? (fallback?.interval ?? own.interval) : own.interval) ?? NONE;
    const disagreement = outside[i] === 1 && fellBack[i] === 0 && physics ? few * atMost(value[i] - physics[i]) : 0;
    answers.radius[i] = Math.hypot(relativeRadius * value[i], spread[i], disagreement);
  }
  return answers;
};

/** How much wider the samples of so few settings make what is judged by them: Student's quantile over the normal one. */
const fewSettings = (settings = 2, level = 0.9): number =>
  tQuantile((1 + level) / 2, Math.max(1, settings - 1)) / tQuantile((1 + level) / 2, NORMAL_DF);
/** Student's distribution with so many degrees of freedom is the normal one to five digits. */
const NORMAL_DF = 1e6;

const NONE: Interval = { level: 0, relativeRadius: 0 };

/** The size of a difference, and a number even where it is none. */
const atMost = (difference: number): number =>
  Number.isFinite(difference) ? Math.min(LARGEST, Math.abs(difference)) : LARGEST;

const isPossible = (value: number): boolean => value > 0 && value <= LARGEST;

/**
 * How far each prediction may be off for being away from the rows trained on, at `level`: what the physics form's coefficients leave open of the way from
 * the nearest token counts trained on. 0 within them.
 */
const spreadBeyond = (
  { features: ranges }: TrainingRange,
  tokens: FeatureTable,
  own: Answerer,
  fallback: Answerer | undefined,
  level = 0.9,
): Float64Array => {
  const nearest = featureTable(
    tokens.names,
    tokens.columns.map((column, j) => column.map((value) => Math.min(ranges[j].max, Math.max(ranges[j].min, value)))),
  );
  const spread = own.predictor.spread(nearest, tokens) ?? fallback?.predictor.spread(nearest, tokens);
  if (!spread) return new Float64Array(tokens.length);
  const t = tQuantile((1 + level) / 2, spread.df);
  return spread.sd.map((sd) => atMost(t * sd));
};

/** Total latency as the sum of its parts; away from the rows trained on, or where a part fell back, its bounds are those of the parts. */
const sumOf = ({ validation }: MetricModel, ttft: Part, decode: Part): Part => {
  const either = (a: Uint8Array, b: Uint8Array) => a.map((flag, i) => flag | b[i]);
  const value = ttft.value.map((sec, i) => sec + decode.value[i]);
  const [outside, fellBack] = [either(ttft.outside, decode.outside), either(ttft.fellBack, decode.fellBack)];
  const empty = either(ttft.empty, decode.empty);
  const own = validation?.interval;
  const radius = value.map((sec, i) => {
    const within = (own ?? NONE).relativeRadius * sec;
    return outside[i] | fellBack[i] ? Math.max(within, Math.hypot(ttft.radius[i], decode.radius[i])) : within;
  });
  return { metric: 'total', value, outside, fellBack, empty, level: own?.level, radius };
};

const described = (tokens: FeatureTable, i: number): string =>
  [[inputOf(tokens), 'input tokens'] as const, [outputOf(tokens), 'output tokens'] as const]
    .flatMap(([counts, name]) => (counts ? [`${counts[i]} ${name}`] : []))
    .join(', ');

const rangeOf = ({ features }: TrainingRange): string =>
  features.map(({ name, min, max }) => `${name} ${min} to ${max}`).join(', ');

const refusal = ({ metric, range }: MetricModel, tokens: FeatureTable, i: number): Fault =>
  fault('outside-hull', {
    what: metric,
    rule: `must be asked within the training range of a tree or a network (${rangeOf(range)})`,
    value: described(tokens, i),
  });

const noPrediction = (
  { metric, range, measured = range }: MetricModel,
  tokens: FeatureTable,
  i: number,
  value: number,
  outside: boolean,
): Fault =>
  fault('no-prediction', {
    what: METRIC_FACTS[metric].title,
    rule: `must come out above 0 and below ${LARGEST}`,
    value: Number(value.toPrecision(3)),
    hint: outside
      ? `${described(tokens, i)} are outside what the model was trained on (${rangeOf(measured)})`
      : `the model does not hold at ${described(tokens, i)}, though it was trained around them`,
  });
