import { type FeatureTable, outsideHull, selectFeatures } from '@stepclock/regression';
import { isTree, type Predictor, type RegressorName } from '../regressors/predictor.js';
import { inputOf, outputOf, tokensOf } from '../regressors/tokens.js';
import { METRIC_FACTS, METRICS, type Metric } from '../table/metric.js';
import { Token2MetricsError } from '../token2metrics-error.js';
import type { DeviceModel, MetricModel } from './device-model.js';

/** Predictions of one metric, one value a row, SI. */
export interface MetricPrediction {
  readonly metric: Metric;
  readonly value: Float64Array;
  /** Bounds at `level`; absent when the model was not validated. They hold for requests like those trained on, not beyond. */
  readonly interval?: { readonly level: number; readonly low: Float64Array; readonly high: Float64Array };
  /** 1 where the token counts lie outside those trained on. */
  readonly outside: Uint8Array;
  /** 1 where physics spoke for the regressor: a tree outside its training range, a value that was not above zero. */
  readonly fellBack: Uint8Array;
}

export type DevicePrediction = Partial<Readonly<Record<Metric, MetricPrediction>>>;

export interface PredictOptions {
  /** Use this regressor instead of the chosen one, where the model has it (`train --regression all`). */
  readonly regression?: RegressorName;
  /** What trees do outside the token counts they were trained on: fall back to physics (default) or throw. */
  readonly outsideHull?: 'physics' | 'refuse';
}

/**
 * Predicts every metric of a model.
 *
 * @param outputTokens of equal length; without them only the time to first token
 * @throws Token2MetricsError `bad-tokens`, `outside-hull`, `no-prediction`, `bad-option`
 *
 * @example
 * predictDevice(model, [100], [50]).total?.value[0] // => 5.1
 */
export const predictDevice = (
  model: DeviceModel,
  inputTokens: ArrayLike<number>,
  outputTokens?: ArrayLike<number>,
  options: PredictOptions = {},
): DevicePrediction => {
  checkTokens('input_tokens', inputTokens, 1);
  if (outputTokens) checkTokens('output_tokens', outputTokens, 1);
  if (outputTokens && outputTokens.length !== inputTokens.length) {
    throw new Token2MetricsError(
      'token2metrics/bad-tokens',
      `output_tokens: must be as many as input_tokens (${inputTokens.length}); got ${outputTokens.length}`,
      { column: 'output_tokens', value: outputTokens.length, expected: `${inputTokens.length}` },
    );
  }
  const tokens = tokensOf(inputTokens, outputTokens);
  const predictions: Partial<Record<Metric, MetricPrediction>> = {};
  for (const metric of METRICS) {
    const own = model.metrics[metric];
    if (!own || (!outputTokens && own.range.features.length > 1)) continue;
    if (own.method !== 'sum') predictions[metric] = predictMetric(own, tokens, options);
  }
  const { ttft, decode } = predictions;
  const total = model.metrics.total;
  if (total?.method === 'sum' && ttft && decode) predictions.total = sumOf(total, ttft, decode);
  return predictions;
};

/** Positive whole numbers: nothing else is a request. */
const checkTokens = (name: string, tokens: ArrayLike<number>, least: number): void => {
  for (let i = 0; i < tokens.length; i++) {
    const value = tokens[i];
    if (Number.isSafeInteger(value) && value >= least) continue;
    throw new Token2MetricsError(
      'token2metrics/bad-tokens',
      `${name}: must be a whole number from ${least}; got ${value} (request ${i})`,
      {
        column: name,
        value,
        expected: `a whole number from ${least}`,
      },
    );
  }
};

const predictorFor = (
  model: MetricModel,
  regression: RegressorName | undefined,
): { predictor: Predictor; method: string } => {
  const named = model.alternatives.find(({ regressor }) => regressor === regression);
  const method = regression ?? model.method;
  if (regression !== undefined && !named && model.method !== regression) {
    throw new Token2MetricsError(
      'token2metrics/bad-option',
      `regression: the model of ${model.metric} has ${[...new Set([model.method, ...model.alternatives.map((a) => a.regressor)])].join(', ')}; got '${regression}'`,
      { column: model.metric, value: regression },
    );
  }
  const predictor = named?.predictor ?? model.predictor;
  if (!predictor)
    throw new Token2MetricsError('token2metrics/bad-model', `${model.metric}: the model has no predictor`);
  return { predictor, method };
};

const predictMetric = (model: MetricModel, tokens: FeatureTable, options: PredictOptions): MetricPrediction => {
  const { metric, fallback, range } = model;
  const own = selectFeatures(
    tokens,
    range.features.map(({ name }) => name),
  );
  const { predictor, method } = predictorFor(model, options.regression);
  const outside = outsideHull({ featureNames: own.names, trainingRange: range }, own);
  const value = predictor.predict(own);
  const fellBack = new Uint8Array(value.length);
  const physics = fallback?.predict(own);
  for (let i = 0; i < value.length; i++) {
    const lost = isTree(method) && outside[i] === 1;
    if (lost && options.outsideHull === 'refuse') throw refusal(model, own, i);
    if (!lost && value[i] > 0) continue;
    const instead = physics?.[i];
    if (instead === undefined || !(instead > 0)) throw noPrediction(metric, own, i, value[i]);
    value[i] = instead;
    fellBack[i] = 1;
  }
  return { metric, value, outside, fellBack, ...intervalOf(model, value) };
};

const sumOf = (model: MetricModel, ttft: MetricPrediction, decode: MetricPrediction): MetricPrediction => {
  const either = (a: Uint8Array, b: Uint8Array) => a.map((flag, i) => flag | b[i]);
  const value = ttft.value.map((sec, i) => sec + decode.value[i]);
  return {
    metric: 'total',
    value,
    outside: either(ttft.outside, decode.outside),
    fellBack: either(ttft.fellBack, decode.fellBack),
    ...intervalOf(model, value),
  };
};

const intervalOf = ({ validation }: MetricModel, value: Float64Array): Pick<MetricPrediction, 'interval'> => {
  const interval = validation?.interval;
  if (!interval) return {};
  const { level, relativeRadius } = interval;
  return {
    interval: {
      level,
      low: value.map((v) => v * Math.max(0, 1 - relativeRadius)),
      high: value.map((v) => v * (1 + relativeRadius)),
    },
  };
};

const described = (tokens: FeatureTable, i: number): string => {
  const output = outputOf(tokens)?.[i];
  return `${inputOf(tokens)[i]} input tokens${output === undefined ? '' : `, ${output} output tokens`}`;
};

const refusal = ({ metric, range }: MetricModel, tokens: FeatureTable, i: number): Token2MetricsError => {
  const trained = range.features.map(({ name, min, max }) => `${name} ${min} to ${max}`).join(', ');
  return new Token2MetricsError(
    'token2metrics/outside-hull',
    `${metric}: a tree model says nothing outside its training range (${trained}); got ${described(tokens, i)}`,
    { column: metric, value: described(tokens, i), expected: trained },
  );
};

const noPrediction = (metric: Metric, tokens: FeatureTable, i: number, value: number): Token2MetricsError =>
  new Token2MetricsError(
    'token2metrics/no-prediction',
    `${METRIC_FACTS[metric].title}: must come out above 0; got ${value.toPrecision(3)} for ${described(tokens, i)}, far from what the model was trained on`,
    { column: metric, value },
  );
