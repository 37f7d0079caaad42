import { dataset, type FeatureTable, featureTable, leastSquares, ridge } from '@stepclock/regression';
import { mean, median } from 'd3-array';
import { fitPhysics, type PhysicsPredictor, relativeWeights } from '../regressors/physics.js';
import type { Predictor } from '../regressors/predictor.js';
import { refitWithPrior } from './physics-prior.js';
import { logTokens, scaledPredictor } from './scaled-predictor.js';

export const CALIBRATION_METHODS = [
  'physics-prior',
  'physics-refit',
  'median-ratio',
  'mean-ratio',
  'affine',
  'log-ridge',
] as const;

/** A way to carry a model of one device to another with a few samples. */
export type CalibrationMethod = (typeof CALIBRATION_METHODS)[number];

export interface Samples {
  readonly tokens: FeatureTable;
  /** Measured on the target, positive, SI. */
  readonly target: Float64Array;
}

/** Samples that each method needs: as many as it has parameters, and one more where it would fit them exactly otherwise. */
export const LEAST_SAMPLES: Readonly<Record<CalibrationMethod, number>> = {
  'physics-prior': 1,
  'physics-refit': 6,
  'median-ratio': 1,
  'mean-ratio': 1,
  affine: 2,
  'log-ridge': 3,
};

/** Penalty on the slopes of `log-ridge`, over token counts scaled to standard deviation 1. */
const LOG_RIDGE = 1;

/** Carries the source over by one method. */
export const calibrateBy = (
  method: CalibrationMethod,
  source: PhysicsPredictor,
  { tokens, target }: Samples,
): Predictor => {
  const predicted = source.predict(tokens);
  const ratios = target.map((y, i) => y / predicted[i]);
  switch (method) {
    case 'mean-ratio':
      return scaledPredictor(source, { kind: 'ratio', factor: mean(ratios) ?? 1 });
    case 'median-ratio':
      return scaledPredictor(source, { kind: 'ratio', factor: median(ratios) ?? 1 });
    case 'affine': {
      const { model } = leastSquares(dataset(featureTable(['source'], [predicted]), target, relativeWeights(target)));
      return scaledPredictor(source, {
        kind: 'affine',
        offset: model.intercept,
        factor: model.coefficients[0],
      });
    }
    case 'log-ridge': {
      const [output, input] = logTokens(tokens);
      const centre = [mean(output) ?? 0, mean(input) ?? 0] as const;
      const features = featureTable(
        ['log_output', 'log_input'],
        [output.map((v) => v - centre[0]), input.map((v) => v - centre[1])],
      );
      const model = ridge(dataset(features, ratios.map(Math.log)), { alpha: LOG_RIDGE });
      const [c1 = 0, c2 = 0] = model.coefficients;
      return scaledPredictor(source, {
        kind: 'log-ridge',
        coefficients: [model.intercept, c1, c2],
        centre: [...centre],
      });
    }
    case 'physics-prior':
      return refitWithPrior(source, tokens, target);
    case 'physics-refit':
      return fitPhysics(tokens, target, source.padding);
  }
};
