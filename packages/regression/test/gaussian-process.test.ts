import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import { describe, expect, it } from 'vitest';
import { dataset, featuresOf, featureTable, gaussianProcess, regressionMetrics } from '../src/index.js';
import { modelFromJSON } from '../src/model/model-from-json.js';
import { friedman, throughJSON } from './synthetic.js';

const KERNELS = ['rbf', 'matern-3/2', 'matern-5/2'] as const;

describe('gaussianProcess', () => {
  it('passes through noise-free data, and its variance vanishes there', () => {
    const x = Float64Array.from({ length: 12 }, (_, i) => i / 2);
    const data = dataset(featureTable(['x'], [x]), x.map(Math.sin));
    const { model } = gaussianProcess(data, { kernel: 'rbf' });
    expect(model.predict(data.features)).toAgree(data.target, 1e-3, 1e-3);
    const between = featuresOf({ x: [1.25, 30] });
    const { mean, functionSd } = model.predictWithVariance(between);
    expect(mean[0]).toAgree(Math.sin(1.25), 1e-2);
    expect(functionSd[0]).toBeLessThan(0.02);
    // Far away it knows nothing: the prior.
    expect(functionSd[1]).toAgree(model.signalSd, 1e-6);
    expect(mean[1]).toAgree(data.target.reduce((s, y) => s + y, 0) / 12, 1e-3, 1e-3);
  });

  it('recovers the noise and sees which features matter', () => {
    const train = friedman(150, 1, 0.5);
    const irrelevant = Float64Array.from({ length: 150 }, seededRandom(8));
    const data = dataset(
      featureTable([...train.features.names, 'none'], [...train.features.columns, irrelevant]),
      train.target,
    );
    const { model, converged } = gaussianProcess(data, { restarts: 0 });
    expect(converged).toBe(true);
    expect(model.noiseSd).toBeGreaterThan(0.3);
    expect(model.noiseSd).toBeLessThan(0.7);
    expect(model.lengthScales[4]).toBeGreaterThan(10 * Math.min(...model.lengthScales));
  });

  it('covers new observations: 90 to 99 % within two standard deviations', () => {
    const { model } = gaussianProcess(friedman(120, 3, 0.5), { restarts: 0 });
    const test = friedman(500, 4, 0.5);
    const { mean, observationSd } = model.predictWithVariance(test.features);
    expect(mean).toEqual(model.predict(test.features));
    const covered = mean.filter((m, i) => Math.abs(m - test.target[i]) <= 2 * observationSd[i]);
    expect(covered.length / 500).toBeGreaterThan(0.9);
    expect(covered.length / 500).toBeLessThan(0.99);
    expect(regressionMetrics(test.target, mean).rmse).toBeLessThan(1);
  });

  it('units and order of rows change nothing but units', () => {
    const data = friedman(40, 5);
    const reversed = dataset(
      featureTable(
        data.features.names,
        data.features.columns.map((c) => c.map((v) => 1e3 * v).reverse()),
      ),
      data.target.map((y) => 1e-3 * y).reverse(),
    );
    const at = featureTable(
      data.features.names,
      [0, 1, 2, 3].map(() => Float64Array.of(0.3, 0.6)),
    );
    const scaled = featureTable(
      at.names,
      at.columns.map((c) => c.map((v) => 1e3 * v)),
    );
    const [plain, other] = [data, reversed].map((d) => gaussianProcess(d, { restarts: 0 }).model);
    expect(other?.predict(scaled)).toAgree(plain?.predict(at).map((y) => 1e-3 * y) ?? [], 1e-3);
  });

  it('believes a heavy row more than a light one', () => {
    const features = featuresOf({ x: [0, 0, 1, 2, 3, 3] });
    const target = Float64Array.of(0, 1, 1, 2, 3, 2.5);
    const { model } = gaussianProcess(dataset(features, target, Float64Array.of(100, 1, 1, 1, 1, 1)), { restarts: 0 });
    expect(model.predict(featuresOf({ x: [0] }))[0]).toBeLessThan(0.3);
  });

  it.each(KERNELS)('round-trips through JSON to the last bit (%s)', (kernel) => {
    const data = friedman(30, 6);
    const { model } = gaussianProcess(data, { kernel, restarts: 1, seed: 4 });
    const back = modelFromJSON(throughJSON(model));
    expect(back.predict(data.features)).toEqual(model.predict(data.features));
    expect(() => modelFromJSON({ ...(throughJSON(model) as object), kernel: 'linear' })).toThrow(
      'must be "rbf", "matern-3/2"',
    );
  });

  it('says how many rows it takes', () => {
    const rows = (n: number) => dataset(featuresOf({ x: Array.from({ length: n }, (_, i) => i) }), new Float64Array(n));
    expect(() => gaussianProcess(rows(1))).toThrow('a Gaussian process needs at least 2; got 1');
    expect(() => gaussianProcess(rows(1001))).toThrow('takes at most 1000; got 1001');
  });
});
