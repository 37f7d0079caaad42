import { dataset, type FeatureTable, featureTable, leastSquares, ridge } from '@stepclock/regression';
import { mean, median } from 'd3-array';
import { fault } from '../fault.js';
import { fitPhysics, relativeWeights } from '../regressors/fit-physics.js';
import { isPhysics } from '../regressors/physics.js';
import type { Predictor } from '../regressors/predictor.js';
import type { Metric } from '../table/metric.js';
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

/** The method that trusts the source most: its shape, times one number. */
export const PLAIN = 'median-ratio';

/** The methods that a source allows: where it has no physics form, its predictions can only be scaled. */
export const methodsFor = (source: Predictor): readonly CalibrationMethod[] =>
  isPhysics(source) ? CALIBRATION_METHODS : CALIBRATION_METHODS.filter((method) => !method.startsWith('physics'));

export interface Samples {
  readonly metric: Metric;
  readonly tokens: FeatureTable;
  /** Measured on the target, positive, SI. */
  readonly target: Float64Array;
}

/** Different settings that each method needs: as many as it has parameters, and one more where it would fit them exactly otherwise. */
export const LEAST_SETTINGS: Readonly<Record<CalibrationMethod, number>> = {
  'physics-prior': 1,
  'physics-refit': 6,
  'median-ratio': 1,
  'mean-ratio': 1,
  affine: 2,
  'log-ridge': 3,
};

/** Penalty on the slopes of `log-ridge`, over token counts scaled to standard deviation 1. */
const LOG_RIDGE = 1;

/**
 * Carries the source over by one method.
 *
 * @throws Fault `token2metrics/no-prediction` where the source says nothing possible of a sample
 */
export const calibrateBy = (method: CalibrationMethod, source: Predictor, samples: Samples): Predictor => {
  const { tokens, target, metric } = samples;
  const predicted = source.predict(tokens);
  const ratios = target.map((y, i) => y / predicted[i]);
  if (!ratios.every((ratio) => ratio > 0 && ratio < Infinity)) {
    throw fault('no-prediction', { what: metric, rule: 'must come out above 0 from the source for every sample' });
  }
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
    case 'physics-refit':
      if (!isPhysics(source)) {
        throw fault('bad-option', {
          what: 'method',
          rule: `must be one of ${methodsFor(source).join(', ')} for ${metric}, of which the source has no physics form`,
          value: method,
        });
      }
      return method === 'physics-prior'
        ? refitWithPrior(source, tokens, target)
        : fitPhysics(tokens, target, source.padding, metric);
  }
};
