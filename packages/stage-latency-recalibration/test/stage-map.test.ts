import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import {
  type FeatureTable,
  featureTable,
  type GaussianProcessParameters,
  gaussianProcess,
} from '@stepclock/regression';
import { describe, expect, it } from 'vitest';
import { polynomialRidge } from '../src/estimator/polynomial-ridge.js';
import {
  affineMapThrough,
  blendMap,
  identityMap,
  logAffineMap,
  processMap,
  relativeAffineMap,
  ridgeMap,
  type StageMap,
  type StageSamples,
  scaleMap,
} from '../src/recalibration/stage-map.js';
import { mapFrom } from './reading-models.js';

const noKnobs = (n: number): FeatureTable =>
  featureTable(['size'], [Float64Array.from({ length: n }, (_, i) => i % 3)]);

const samplesOf = (f: readonly number[], y: readonly number[]): StageSamples => ({
  f: Float64Array.from(f),
  y: Float64Array.from(y),
  knobs: noKnobs(f.length),
});

const predict = (map: StageMap, ...f: number[]): Float64Array => map.predict(Float64Array.from(f), noKnobs(f.length));

/** Source and target times whose ratio depends on the knobs and on the source. */
const uneven = (n: number): StageSamples => {
  const random = seededRandom(n, 'uneven');
  const knobs = featureTable(
    ['a', 'b'],
    [
      Float64Array.from({ length: n }, () => 2 * random() - 1),
      Float64Array.from({ length: n }, () => 2 * random() - 1),
    ],
  );
  const f = Float64Array.from({ length: n }, () => 10 + 90 * random());
  const [a, b] = knobs.columns as [Float64Array, Float64Array];
  const y = f.map((ms, i) => ms ** 1.1 * Math.exp(0.3 * a[i] + 0.2 * b[i] ** 2));
  return { f, knobs, y };
};

describe('affine', () => {
  it('is the least-squares line, by hand', () => {
    // Means 2 and 5; slope (1 x 3 + 1 x 4) / 2.
    const map = affineMapThrough(samplesOf([1, 2, 3], [2, 4, 9]));
    expect(map.toJSON()).toEqual({ kind: 'affine', slope: 3.5, intercept_ms: -2, floor_ms: expect.closeTo(0.2, 12) });
    expect(map.kind).toBe('affine');
    // 3.5 x 10 - 2; and where the line is below 0, a tenth of the least sample.
    expect(predict(map, 10, 0.1)).toAgree([33, 0.2], 1e-14);
  });

  it('of equal source times is their mean', () => {
    for (const f of [2, 0.1 + 0.2, 1e9 / 3, 1e-9]) {
      const map = affineMapThrough(samplesOf([f, f, f], [2, 4, 9]));
      expect(map.toJSON()).toMatchObject({ slope: 0, intercept_ms: expect.closeTo(5, 12) });
    }
    // Times that are nearly equal are not equal.
    const { slope } = affineMapThrough(samplesOf([1e6, 1e6 + 1, 1e6 + 2], [2, 4, 9])).toJSON() as { slope: number };
    expect(slope).toAgree(3.5, 1e-9);
  });
});

describe('affine-relative', () => {
  it('is the line of least relative error: its relative residuals are orthogonal to 1/y and f/y', () => {
    const [f, y] = [
      [1, 2, 3, 8, 20],
      [2, 4, 9, 13, 50],
    ];
    const map = relativeAffineMap(samplesOf(f, y));
    const { slope, intercept_ms } = map.toJSON() as { slope: number; intercept_ms: number };
    const residuals = y.map((value, i) => (slope * (f[i] ?? 0) + intercept_ms - value) / value);
    expect(residuals.reduce((sum, r, i) => sum + r / (y[i] ?? 0), 0)).toAgree(0, 0, 1e-12);
    expect(residuals.reduce((sum, r, i) => sum + (r * (f[i] ?? 0)) / (y[i] ?? 0), 0)).toAgree(0, 0, 1e-12);
    // The small ones count for more than in milliseconds.
    expect(slope).not.toBeCloseTo((affineMapThrough(samplesOf(f, y)).toJSON() as { slope: number }).slope, 3);
  });
});

describe('log-affine and scale', () => {
  it('finds a power law', () => {
    const f = [1, 2, 5, 30];
    const map = logAffineMap(
      samplesOf(
        f,
        f.map((ms) => 3 * ms ** 1.7),
      ),
    );
    expect(map.toJSON()).toEqual({
      kind: 'power',
      power: expect.closeTo(1.7, 12),
      log_factor: expect.closeTo(Math.log(3), 12),
    });
    expect(map.kind).toBe('power');
    expect(predict(map, 10)).toAgree([3 * 10 ** 1.7], 1e-12);
  });

  it('scales by the median ratio', () => {
    expect(predict(scaleMap(samplesOf([1, 2, 4], [2, 20, 12])), 1, 10)).toAgree([3, 30], 1e-14);
    // Of an even number, the geometric mean of the middle two: 2, 3, 12, 40.
    expect(predict(scaleMap(samplesOf([1, 2, 4, 1], [2, 24, 12, 40])), 1)).toAgree([6], 1e-14);
    expect(scaleMap(samplesOf([1], [2])).toJSON()).toMatchObject({ kind: 'power', power: 1 });
  });
});

describe('ridge', () => {
  it('is a quadratic of log source time and knobs for the logarithm of the ratio', () => {
    const samples = uneven(40);
    const map = ridgeMap(samples);
    const features = featureTable(['log source ms', 'a', 'b'], [samples.f.map(Math.log), ...samples.knobs.columns]);
    const logs = samples.y.map((ms, i) => Math.log(ms / samples.f[i]));
    const { model } = polynomialRidge(features, logs, 2);
    expect(map.predict(samples.f, samples.knobs)).toAgree(
      model.predict(features).map((log, i) => samples.f[i] * Math.exp(log)),
      1e-12,
    );
    expect(map.kind).toBe('ratio');
    // Exact data, all but the least penalty.
    expect(map.predict(samples.f, samples.knobs)).toAgree(samples.y, 1e-3);
    expect(map.toJSON()).toEqual({
      kind: 'ratio',
      low: expect.closeTo(Math.min(...logs) - 0.3, 12),
      high: expect.closeTo(Math.max(...logs) + 0.3, 12),
      model: model.toJSON(),
    });
  });

  it('holds the ratio within e^0.3 of those of the samples', () => {
    const samples = uneven(40);
    const ratios = samples.y.map((ms, i) => ms / samples.f[i]);
    const far = featureTable(['a', 'b'], [Float64Array.of(9, -9), Float64Array.of(0, 0)]);
    expect(ridgeMap(samples).predict(Float64Array.of(50, 50), far)).toAgree(
      [50 * Math.max(...ratios) * Math.exp(0.3), (50 * Math.min(...ratios)) / Math.exp(0.3)],
      1e-12,
    );
  });
});

describe('process', () => {
  it('predicts ratios it has not seen, and starts near another', () => {
    const all = uneven(60);
    const take = (rows: readonly number[]): StageSamples => ({
      f: Float64Array.from(rows, (row) => all.f[row]),
      y: Float64Array.from(rows, (row) => all.y[row]),
      knobs: featureTable(
        all.knobs.names,
        all.knobs.columns.map((column) => Float64Array.from(rows, (row) => column[row])),
      ),
    });
    const rows = [...all.f.keys()];
    const [known, held] = [take(rows.slice(0, 40)), take(rows.slice(40))];
    for (const trend of ['none', 'quadratic'] as const) {
      const map = processMap(known, trend);
      expect(map.predict(held.f, held.knobs)).toAgree(held.y, trend === 'none' ? 0.1 : 0.02);
      expect(map.kind).toBe('ratio');
      // By itself it searches to the end.
      const logs = known.y.map((ms, i) => Math.log(ms / known.f[i]));
      const features = featureTable(['log source ms', 'a', 'b'], [known.f.map(Math.log), ...known.knobs.columns]);
      const json = map.toJSON() as { process: GaussianProcessParameters };
      expect(json.process).toEqual(gaussianProcess(features, logs, { trend }).model.parameters);
      expect(json.process.trend).toBe(trend);
      expect(json.process.features.map(({ name }) => name)).toEqual(['log source ms', 'a', 'b']);
      // From the process of other ratios it goes a few steps, not all the way that a search of its own goes.
      const other = processMap({ ...known, y: known.y.map((ms, i) => ms * (1 + 0.5 * (i % 2))) }, trend);
      const near = processMap(known, trend, other.optimum);
      expect([...near.optimum.x]).not.toEqual([...map.optimum.x]);
      expect(near.toJSON()).toMatchObject({ process: { target: json.process.target } });
    }
  });
});

describe('blend', () => {
  const twice = () => mapFrom({ kind: 'power', power: 1, log_factor: Math.log(2) });
  const eightfold = () => mapFrom({ kind: 'power', power: 1, log_factor: Math.log(8) });
  const broken: StageMap = { kind: 'none', predict: (f) => f.map(() => Number.NaN), toJSON: () => ({ kind: 'none' }) };
  const blended = () =>
    blendMap([
      { candidate: 'a', weight: 0.75, map: twice() },
      { candidate: 'b', weight: 0, map: broken },
      { candidate: 'c', weight: 0.25, map: eightfold() },
    ]);

  it('is the weighted geometric mean of its maps, without those of no weight', () => {
    const map = blended();
    // 2^0.75 8^0.25 = 2^1.5
    expect(predict(map, 1, 10)).toAgree([2 ** 1.5, 10 * 2 ** 1.5], 1e-14);
    expect(map.kind).toBe('blend');
    expect(map.toJSON()).toEqual({
      kind: 'blend',
      parts: [
        { candidate: 'a', weight: 0.75, map: twice().toJSON() },
        { candidate: 'c', weight: 0.25, map: eightfold().toJSON() },
      ],
    });
  });

  it('is the same when it was written and read', () => {
    const map = blended();
    const again = mapFrom(JSON.parse(JSON.stringify(map)));
    expect(predict(again, 1, 10)).toEqual(predict(map, 1, 10));
    expect(again.toJSON()).toEqual(map.toJSON());
  });
});

describe('identity', () => {
  it('is the source', () => {
    expect([...predict(identityMap(), 3, 4)]).toEqual([3, 4]);
    expect(identityMap().kind).toBe('identity');
    expect(identityMap().toJSON()).toEqual({ kind: 'identity' });
  });
});

describe('mapFrom', () => {
  it('reads what every map writes', () => {
    const samples = uneven(12);
    const maps = [
      affineMapThrough(samples),
      relativeAffineMap(samples),
      logAffineMap(samples),
      scaleMap(samples),
      ridgeMap(samples),
      processMap(samples, 'none'),
      processMap(samples, 'quadratic'),
      identityMap(),
    ];
    for (const map of maps) {
      const again = mapFrom(JSON.parse(JSON.stringify(map)));
      expect(again.kind).toBe(map.kind);
      expect(again.predict(samples.f, samples.knobs)).toEqual(map.predict(samples.f, samples.knobs));
      expect(JSON.stringify(again)).toBe(JSON.stringify(map));
    }
  });
});
