import type { DeviceModel, MetricModel } from '../src/model/device-model.js';
import { type PhysicsPredictor, physicsPredictor } from '../src/regressors/physics.js';
import type { Predictor } from '../src/regressors/predictor.js';
import type { Metric } from '../src/table/metric.js';

/** Physics with tiles of one token: `1, I, I^2, O, context`. */
export const physics = (...coefficients: readonly number[]): PhysicsPredictor =>
  physicsPredictor({ coefficients: Float64Array.from({ length: 5 }, (_, j) => coefficients[j] ?? 0), padding: 1 });

/** A model of prompts of 10 to 1,000 tokens and answers of 2 to 100. */
export const metricModel = (
  metric: Metric,
  predictor?: Predictor,
  changes: Partial<MetricModel> = {},
): MetricModel => ({
  metric,
  method: predictor ? 'physics' : 'sum',
  ...(predictor ? { predictor } : {}),
  alternatives: [],
  range: {
    rows: 40,
    features: [
      { name: 'input_tokens', min: 10, max: 1000 },
      ...(metric === 'ttft' ? [] : [{ name: 'output_tokens', min: 2, max: 100 }]),
    ],
  },
  candidates: [],
  ...changes,
});

export const deviceModel = (...models: readonly MetricModel[]): DeviceModel => ({
  name: 'm',
  facts: {},
  padding: 1,
  metrics: Object.fromEntries(models.map((model) => [model.metric, model])),
  source: { file: 'm.csv', rows: 40 },
  findings: [],
});

/** An interval of a fifth to either side, or another share. */
export const interval = (relativeRadius = 0.2): Pick<Required<MetricModel>, 'validation'> => ({
  validation: {
    scheme: '5 folds',
    settings: 40,
    metrics: {
      n: 40,
      mse: 4,
      rmse: 2,
      mae: 1,
      mapePercent: 3,
      medianAbsoluteError: 5,
      p90AbsoluteError: 6,
      p95AbsoluteError: 7,
      p99AbsoluteError: 8,
      maxAbsoluteError: 9,
      bias: -1,
      r2: 0.5,
      explainedVariance: null,
    },
    mapePercent: 3,
    interval: { level: 0.9, relativeRadius },
  },
});
