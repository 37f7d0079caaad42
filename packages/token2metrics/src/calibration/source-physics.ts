import type { DeviceModel } from '../model/device-model.js';
import { type PhysicsPredictor, physicsPredictor } from '../regressors/physics.js';
import type { Predictor } from '../regressors/predictor.js';
import type { Metric } from '../table/metric.js';

const isPhysics = (predictor: Predictor | undefined): predictor is PhysicsPredictor => predictor?.form === 'physics';

/**
 * The physics form of a model's metric, which is what carries over to another device: the predictor itself, the physics that stands behind a tree, or
 * the sum of the parts. Undefined when the model has none.
 */
export const sourcePhysics = (model: DeviceModel, metric: Metric): PhysicsPredictor | undefined => {
  const own = model.metrics[metric];
  if (!own) return undefined;
  if (own.method === 'sum') {
    const [ttft, decode] = [sourcePhysics(model, 'ttft'), sourcePhysics(model, 'decode')];
    if (!ttft || !decode || ttft.padding !== decode.padding) return undefined;
    return physicsPredictor(
      ttft.coefficients.map((b, j) => b + decode.coefficients[j]),
      ttft.padding,
    );
  }
  return [own.predictor, own.fallback].find(isPhysics);
};
