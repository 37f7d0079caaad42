import { type Minimum, medianOf } from '@stepclock/numerics';
import { type FeatureTable, type GaussianProcessParameters, gaussianProcess, type Trend } from '@stepclock/regression';
import { polynomialRidge } from '../estimator/polynomial-ridge.js';

/** From the source model's time of one stage (and the knobs) to the target's. */
export interface StageMap {
  readonly kind: string;
  /** @param f source times, ms @param knobs standardised, a row a time */
  predict(f: Float64Array, knobs: FeatureTable): Float64Array;
  toJSON(): object;
}

/** Samples of one stage: source model, knobs, measured target; ms. */
export interface StageSamples {
  readonly f: Float64Array;
  readonly knobs: FeatureTable;
  readonly y: Float64Array;
}

/** A line in ms may cross 0: it is held at this share of the least sample. */
const FLOOR_SHARE = 0.1;
/** How far the logarithm of a ratio may leave the samples' range: e^0.3 is 35 %. */
const RATIO_MARGIN = 0.3;

interface AffineJSON {
  readonly kind: 'affine';
  readonly slope: number;
  readonly intercept_ms: number;
  readonly floor_ms: number;
}

export const affineMap = (json: AffineJSON): StageMap => ({
  kind: 'affine',
  predict: (f) => f.map((ms) => Math.max(json.slope * ms + json.intercept_ms, json.floor_ms)),
  toJSON: () => json,
});

/** Weighted least squares of y on f, centred; a constant f leaves slope 0 and the mean. */
const affineThrough = (
  f: Float64Array,
  y: Float64Array,
  weights?: Float64Array,
): { slope: number; intercept: number } => {
  const w = weights ?? new Float64Array(f.length).fill(1);
  const total = w.reduce((a, b) => a + b, 0);
  const meanF = f.reduce((sum, value, i) => sum + value * w[i], 0) / total;
  const meanY = y.reduce((sum, value, i) => sum + value * w[i], 0) / total;
  let sff = 0;
  let sfy = 0;
  f.forEach((value, i) => {
    const d = value - meanF;
    sff += w[i] * d * d;
    sfy += w[i] * d * (y[i] - meanY);
  });
  const slope = sff > 1e-24 * meanF ** 2 * total ? sfy / sff : 0;
  return { slope, intercept: meanY - slope * meanF };
};

const affine = ({ f, y }: StageSamples, weights?: Float64Array): StageMap => {
  const { slope, intercept } = affineThrough(f, y, weights);
  return affineMap({
    kind: 'affine',
    slope,
    intercept_ms: intercept,
    floor_ms: FLOOR_SHARE * y.reduce((a, b) => Math.min(a, b)),
  });
};

/** Least squares in ms: method A (`affine`). */
export const affineMapThrough = (samples: StageSamples): StageMap => affine(samples);

/** Least relative error. */
export const relativeAffineMap = (samples: StageSamples): StageMap =>
  affine(
    samples,
    samples.y.map((value) => 1 / value ** 2),
  );

interface PowerJSON {
  readonly kind: 'power';
  readonly power: number;
  readonly log_factor: number;
}

export const powerMap = (json: PowerJSON): StageMap => ({
  kind: 'power',
  predict: (f) => f.map((ms) => Math.exp(json.power * Math.log(ms) + json.log_factor)),
  toJSON: () => json,
});

export const logAffineMap = ({ f, y }: StageSamples): StageMap => {
  const { slope, intercept } = affineThrough(f.map(Math.log), y.map(Math.log));
  return powerMap({ kind: 'power', power: slope, log_factor: intercept });
};

export const scaleMap = ({ f, y }: StageSamples): StageMap =>
  powerMap({ kind: 'power', power: 1, log_factor: medianOf(y.map((value, i) => Math.log(value / f[i]))) });

const LOG_F = 'log source ms';

/** Knobs and the source's own time: how large a request is decides how far the ratio between GPUs is from its limit. */
const ratioFeatures = (f: Float64Array, knobs: FeatureTable): FeatureTable => ({
  length: f.length,
  names: [LOG_F, ...knobs.names],
  columns: [f.map(Math.log), ...knobs.columns],
});

const logRatios = ({ f, y }: StageSamples): Float64Array => y.map((value, i) => Math.log(value / f[i]));

interface RatioJSON {
  readonly kind: 'ratio';
  readonly low: number;
  readonly high: number;
  readonly model?: object;
  readonly process?: GaussianProcessParameters;
}

/** `y = f exp(r)`, r held near the samples' range. */
export const ratioMap = (
  json: Omit<RatioJSON, 'model' | 'process'>,
  ratio: { predict(features: FeatureTable): Float64Array },
  parts: Pick<RatioJSON, 'model' | 'process'>,
): StageMap => ({
  kind: 'ratio',
  predict: (f, knobs) => {
    const logs = ratio.predict(ratioFeatures(f, knobs));
    return f.map((ms, i) => ms * Math.exp(Math.min(json.high, Math.max(json.low, logs[i]))));
  },
  toJSON: () => ({ ...json, ...parts }),
});

const rangeOf = (logs: Float64Array): { readonly kind: 'ratio'; readonly low: number; readonly high: number } => ({
  kind: 'ratio',
  low: logs.reduce((a, b) => Math.min(a, b)) - RATIO_MARGIN,
  high: logs.reduce((a, b) => Math.max(a, b)) + RATIO_MARGIN,
});

export const ridgeMap = (samples: StageSamples): StageMap => {
  const logs = logRatios(samples);
  const { model } = polynomialRidge(ratioFeatures(samples.f, samples.knobs), logs, 2);
  return ratioMap(rangeOf(logs), model, { model: model.toJSON() });
};

/** A map by a process, with where its search ended for warm starts. */
export interface ProcessMap extends StageMap {
  readonly optimum: Minimum;
}

const NEAR_ITERATIONS = 3;

export const processMap = (samples: StageSamples, trend: Trend, near?: Minimum): ProcessMap => {
  const logs = logRatios(samples);
  const { model, optimum } = gaussianProcess(ratioFeatures(samples.f, samples.knobs), logs, {
    trend,
    ...(near === undefined ? {} : { near, maxIterations: NEAR_ITERATIONS }),
  });
  return { ...ratioMap(rangeOf(logs), model, { process: model.parameters }), optimum };
};

interface BlendJSON {
  readonly kind: 'blend';
  readonly parts: readonly { readonly candidate: string; readonly weight: number; readonly map: object }[];
}

/** Geometric mean of maps. */
export const blendMap = (
  parts: readonly { readonly candidate: string; readonly weight: number; readonly map: StageMap }[],
): StageMap => ({
  kind: 'blend',
  predict: (f, knobs) => {
    const logs = new Float64Array(f.length);
    for (const { weight, map } of parts) {
      if (weight === 0) continue;
      map.predict(f, knobs).forEach((ms, i) => {
        logs[i] = logs[i] + weight * Math.log(ms);
      });
    }
    return logs.map(Math.exp);
  },
  toJSON: (): BlendJSON => ({
    kind: 'blend',
    parts: parts
      .filter(({ weight }) => weight > 0)
      .map(({ candidate, weight, map }) => ({ candidate, weight, map: map.toJSON() })),
  }),
});

const identity: StageMap = { kind: 'identity', predict: (f) => f, toJSON: () => ({ kind: 'identity' }) };

export const identityMap = (): StageMap => identity;
