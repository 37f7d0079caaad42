import type { DeviceModel } from '../model/device-model.js';
import { isPhysics, type PhysicsPredictor, physicsPredictor } from '../regressors/physics.js';
import type { Predictor } from '../regressors/predictor.js';
import type { Metric } from '../table/metric.js';

/**
 * What of a model's metric carries over to another device: its physics form where it has one (the predictor itself, the physics that stands behind a
 * tree, the sum of the parts), else whatever predicts it, of which a ratio carries over. Undefined when the model has neither.
 */
export const sourcePredictor = (model: DeviceModel, metric: Metric): Predictor | undefined =>
  sourcePhysics(model, metric) ?? model.metrics[metric]?.predictor;

/** The physics form of a model's metric, or undefined. */
export const sourcePhysics = (model: DeviceModel, metric: Metric): PhysicsPredictor | undefined => {
  const own = model.metrics[metric];
  if (!own) return undefined;
  if (own.method === 'sum') {
    const [ttft, decode] = [sourcePhysics(model, 'ttft'), sourcePhysics(model, 'decode')];
    if (!ttft || !decode || ttft.padding !== decode.padding) return undefined;
    const { openness: a, beyond: first } = ttft;
    const { openness: b, beyond: second } = decode;
    return physicsPredictor({
      coefficients: ttft.coefficients.map((value, j) => value + decode.coefficients[j]),
      padding: ttft.padding,
      beyond: first && {
        prompt: Math.max(first.prompt, second?.prompt ?? 0),
        slope: first.slope + (second?.slope ?? 0),
        square: first.square + (second?.square ?? 0),
      },
      openness: a &&
        b && {
          covariance: a.covariance.map((line, j) => line.map((value, k) => value + b.covariance[j][k])),
          df: Math.min(a.df, b.df),
        },
    });
  }
  return [own.predictor, own.fallback?.predictor].find(isPhysics);
};
