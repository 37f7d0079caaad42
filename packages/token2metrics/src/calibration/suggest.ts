import type { FeatureTable } from '@stepclock/regression';
import { fault } from '../fault.js';
import type { DeviceModel } from '../model/device-model.js';
import { metricRows } from '../model/training-rows.js';
import { type PhysicsPredictor, physicsColumns } from '../regressors/physics.js';
import { INPUT, OUTPUT, tokensOf } from '../regressors/tokens.js';
import type { Measurements } from '../table/measurements.js';
import { METRICS } from '../table/metric.js';
import { PRIOR_STRENGTH, priorScales } from './physics-prior.js';
import { sourcePhysics } from './source-predictor.js';

export interface Suggestion {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Root mean variance of all predictions in units of one measurement's relative error, before and after this measurement. */
  readonly uncertaintyBefore: number;
  readonly uncertaintyAfter: number;
}

export interface SuggestOptions {
  /** How many, one after another; default 3. */
  readonly count?: number;
  /** Smallest and largest prompt that the model will be asked about. */
  readonly inputTokens: readonly [number, number];
  readonly outputTokens: readonly [number, number];
}

/**
 * Which token counts to measure next to carry a model over: those of its longest metric, for that is what it is asked about most.
 *
 * @param measured what has been measured on the target already
 * @param asked the range of the questions to come; default that of the model
 * @throws Fault `token2metrics/no-prediction` where no metric of the model has a physics form
 */
export const suggestFor = (
  source: DeviceModel,
  measured: Measurements | undefined,
  asked: Partial<SuggestOptions>,
): Suggestion[] => {
  const metric = (['total', 'decode', ...METRICS] as const).find((name) => sourcePhysics(source, name) !== undefined);
  const physics = metric && sourcePhysics(source, metric);
  if (!metric || !physics) {
    throw fault('no-prediction', {
      what: source.name,
      rule: 'must have a physics form of a metric to suggest samples',
    });
  }
  const rangeOf = (name: string): readonly [number, number] => {
    const range = source.metrics[metric]?.range.features.find((feature) => feature.name === name);
    return [Math.max(1, range?.min ?? 1), Math.max(2, range?.max ?? 4096)];
  };
  const rows = measured && metricRows(measured, metric);
  return suggestSamples(physics, rows && rows.target.length > 0 ? rows.tokens : undefined, {
    inputTokens: rangeOf(INPUT),
    outputTokens: rangeOf(OUTPUT),
    ...asked,
  });
};

/** Points a side of the grid that predictions are wanted on, evenly spaced in the logarithm. */
const GRID = 9;

/**
 * Which token counts to measure next on the target. With relative noise and the prior of `refitWithPrior`, the covariance of the coefficients
 * depends on where was measured, not on what; so the next point is the one that lowers the mean relative variance of all predictions most
 * (Bayesian I-optimal design, one point at a time).
 *
 * @param source the physics that is being carried over
 * @param measured token counts that have been measured on the target already
 */
export const suggestSamples = (
  source: PhysicsPredictor,
  measured: FeatureTable | undefined,
  { count = 3, inputTokens, outputTokens }: SuggestOptions,
): Suggestion[] => {
  const inputs = logGrid(...inputTokens);
  const outputs = logGrid(...outputTokens);
  const points = inputs.flatMap((input) => outputs.map((output) => ({ input, output })));
  const grid = tokensOf(
    points.map(({ input }) => input),
    points.map(({ output }) => output),
  );
  const wanted = relativeRows(source, grid);
  const scales = priorScales(source.coefficients, physicsColumns(grid, source.padding), source.predict(grid));
  let covariance: Float64Array[] = Array.from(scales, (scale, j) =>
    scales.map((_, k) => (j === k ? scale ** 2 / PRIOR_STRENGTH : 0)),
  );
  if (measured) for (const row of relativeRows(source, measured)) covariance = afterMeasuring(covariance, row);
  const uncertainty = (c: readonly Float64Array[]): number =>
    Math.sqrt(wanted.reduce((sum, row) => sum + variance(c, row), 0) / wanted.length);

  return Array.from({ length: count }, () => {
    const uncertaintyBefore = uncertainty(covariance);
    let best = { at: 0, after: Number.POSITIVE_INFINITY };
    wanted.forEach((row, at) => {
      const after = uncertainty(afterMeasuring(covariance, row));
      if (after < best.after) best = { at, after };
    });
    const point = points[best.at];
    covariance = afterMeasuring(covariance, wanted[best.at]);
    return { inputTokens: point.input, outputTokens: point.output, uncertaintyBefore, uncertaintyAfter: best.after };
  });
};

const logGrid = (low: number, high: number): number[] => [
  ...new Set(Array.from({ length: GRID }, (_, k) => Math.round(low * (high / low) ** (k / (GRID - 1))))),
];

/** Rows of the design over the predicted value: errors are relative. */
const relativeRows = (source: PhysicsPredictor, tokens: FeatureTable): Float64Array[] => {
  const predicted = source.predict(tokens);
  const columns = physicsColumns(tokens, source.padding);
  return Array.from(predicted, (value, i) => Float64Array.from(columns, (column) => column[i] / value));
};

const times = (covariance: readonly Float64Array[], row: Float64Array): Float64Array =>
  Float64Array.from(covariance, (line) => line.reduce((sum, c, k) => sum + c * row[k], 0));

const variance = (covariance: readonly Float64Array[], row: Float64Array): number =>
  times(covariance, row).reduce((sum, v, j) => sum + v * row[j], 0);

/** Rank-one update of the covariance by a measurement of unit variance (Sherman and Morrison 1950). */
const afterMeasuring = (covariance: readonly Float64Array[], row: Float64Array): Float64Array[] => {
  const cx = times(covariance, row);
  const scale = 1 + cx.reduce((sum, v, j) => sum + v * row[j], 0);
  return covariance.map((line, j) => line.map((c, k) => c - (cx[j] * cx[k]) / scale));
};
