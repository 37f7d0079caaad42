import { dataset, type FeatureTable, featureTable, leastSquares } from '@stepclock/regression';
import { median } from 'd3-array';
import { misfitOf } from '../regressors/misfit.js';
import { covarianceOf } from '../regressors/openness.js';
import { PHYSICS_TERMS, type PhysicsPredictor, physicsColumns, physicsPredictor } from '../regressors/physics.js';

/**
 * How firmly the refit holds on to the source. A weak prior: it decides only the directions in which a handful of samples say nothing. Between 1e-6 and
 * 1e-4 the errors on A100 -> Orin hardly differ; at 0.02 the prior wins over ten samples.
 */
export const PRIOR_STRENGTH = 1e-5;

/**
 * Standard deviation of a coefficient of the target around that of the scaled source, as a share of it, for the interval away from the samples: devices differ in
 * bandwidth over arithmetic by about so much.
 */
const CARRIED_SHARE = 0.3;

/** Prior standard deviations that stand for "about zero": a source coefficient of 0 must not nail the target's to 0. */
const SMALLEST_SHARE = 1e-3;

/**
 * Scale of each coefficient: its own size, or that at which its term makes a thousandth of a typical value, whichever is larger.
 */
export const priorScales = (
  prior: Float64Array,
  columns: readonly Float64Array[],
  target: Float64Array,
): Float64Array =>
  prior.map((b, j) => {
    const share = median(target, (y, i) => y / Math.max(1e-300, columns[j][i])) ?? 0;
    return Math.max(Math.abs(b), SMALLEST_SHARE * share);
  });

/**
 * The five physics coefficients refitted to the target's samples with a Gaussian prior at the scaled source:
 * `min sum ((y - X b) / y)^2 + strength sum ((b_j - b0_j) / scale_j)^2`. Works from one sample on.
 */
export const refitWithPrior = (
  source: PhysicsPredictor,
  tokens: FeatureTable,
  target: Float64Array,
  strength = PRIOR_STRENGTH,
): PhysicsPredictor => {
  const columns = physicsColumns(tokens, source.padding);
  const predicted = source.predict(tokens);
  const ratio = median(target, (y, i) => y / predicted[i]) ?? 1;
  const prior = source.coefficients.map((b) => b * ratio);
  const scales = priorScales(prior, columns, target);
  const pull = Math.sqrt(strength);
  const n = target.length;
  // One row a sample, one a coefficient; the unknowns are the deviations from the prior in units of their scales.
  const rows = n + prior.length;
  const design = prior.map((_, j) => j);
  const table = featureTable(
    [...PHYSICS_TERMS],
    Array.from(design, (j) =>
      Float64Array.from({ length: rows }, (_, i) => {
        if (i >= n) return i - n === j ? pull : 0;
        return (columns[j][i] * scales[j]) / target[i];
      }),
    ),
  );
  const start = physicsPredictor({ coefficients: prior, padding: source.padding }).predict(tokens);
  const leftOver = Float64Array.from({ length: rows }, (_, i) => (i < n ? 1 - start[i] / target[i] : 0));
  const { model } = leastSquares(dataset(table, leftOver), { intercept: false });
  const coefficients = prior.map((b, j) => b + scales[j] * model.coefficients[j]);
  const relative = columns.map((column) => column.map((value, i) => value / target[i]));
  const priors = new Map(Array.from(scales, (scale, j) => [j, CARRIED_SHARE * scale]));
  const { beyond } = source;
  return physicsPredictor({
    coefficients,
    padding: source.padding,
    beyond: beyond && { prompt: beyond.prompt, slope: ratio * beyond.slope, square: ratio * beyond.square },
    openness: covarianceOf(relative, coefficients, [], priors, misfitOf(columns, relative)),
  });
};
