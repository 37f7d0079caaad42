import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import { describe, expect, it } from 'vitest';
import {
  dataset,
  featuresOf,
  featureTable,
  multilayerPerceptron,
  multiOutputPerceptron,
  regressionMetrics,
} from '../src/index.js';
import { backward, forward, initialParameters, makeWorkspace, type NetworkShape } from '../src/mlp/network.js';
import { modelFromJSON } from '../src/model/model-from-json.js';
import { friedman, throughJSON } from './synthetic.js';

describe('back-propagation', () => {
  it.each(['tanh', 'relu'] as const)(
    'equals central differences (%s, several outputs, ragged block sizes)',
    (activation) => {
      const shape: NetworkShape = { sizes: [3, 5, 6, 2], activation };
      const random = seededRandom(4);
      const parameters = initialParameters(shape, random);
      const rows = 7;
      const workspace = makeWorkspace(shape, rows);
      const x = Float64Array.from({ length: rows * 3 }, () => 2 * random() - 1);
      const y = Float64Array.from({ length: rows * 2 }, () => 2 * random() - 1);
      const loss = (p: Float64Array) => {
        workspace.activations[0].set(x);
        return forward(shape, p, workspace, rows).reduce((sum, out, k) => sum + (out - y[k]) ** 2 / 2, 0);
      };
      loss(parameters);
      const outputs = workspace.activations[3];
      workspace.deltas[3].set(outputs.map((out, k) => out - y[k]));
      const gradient = new Float64Array(parameters.length);
      backward(shape, parameters, workspace, rows, gradient);
      const h = 1e-6;
      const differences = parameters.map((value, k) => {
        const moved = (by: number) => parameters.with(k, value + by);
        return (loss(moved(h)) - loss(moved(-h))) / (2 * h);
      });
      expect(gradient).toAgree(differences, 1e-5, 1e-7);
    },
  );
});

describe('initialParameters', () => {
  it.each(['tanh', 'relu'] as const)('draws from the range of Glorot and Bengio (%s)', (activation) => {
    const parameters = initialParameters({ sizes: [4, 64, 1], activation }, seededRandom(5));
    const spans: readonly (readonly [from: number, to: number, bound: number])[] = [
      [0, 256, Math.sqrt(6 / 68)],
      [320, 384, Math.sqrt(6 / 65)],
    ];
    for (const [from, to, bound] of spans) {
      const largest = parameters.slice(from, to).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largest).toBeLessThanOrEqual(bound);
      expect(largest).toBeGreaterThan(0.9 * bound);
    }
  });

  it('spreads the kinks of a relu network over the inputs; a tanh network starts without biases', () => {
    // Biases of the first layer stand behind its 4 x 64 weights; a kink is where the input's share is minus the bias.
    const biases = (activation: 'tanh' | 'relu') =>
      initialParameters({ sizes: [4, 64, 1], activation }, seededRandom(5)).slice(256, 320);
    expect(biases('tanh')).toEqual(new Float64Array(64));
    const drawn = biases('relu');
    expect(drawn.filter((bias) => bias > 0).length).toBeGreaterThan(20);
    expect(drawn.filter((bias) => bias < 0).length).toBeGreaterThan(20);
    expect(new Set(drawn).size).toBe(64);
  });
});

describe('multilayerPerceptron', () => {
  const train = friedman(800, 1, 0.5);
  const test = friedman(400, 2, 0.5);
  const options = { hiddenLayers: [24], maxEpochs: 120, seed: 1 };
  const fit = multilayerPerceptron(train, options);

  it('learns a smooth function to near the noise', () => {
    // The noise has standard deviation 0.5.
    expect(regressionMetrics(test.target, fit.model.predict(test.features)).rmse).toBeLessThan(0.75);
  });

  it('repeats itself for a seed, and only for that seed', () => {
    const short = { ...options, maxEpochs: 3 };
    const [a, b, c] = [1, 1, 2].map((seed) =>
      multilayerPerceptron(train, { ...short, seed }).model.predict(test.features),
    );
    expect(b).toEqual(a);
    expect(c).not.toEqual(a);
  });

  it('does not care about the units of feature and target', () => {
    const scaled = dataset(
      featureTable(
        train.features.names,
        train.features.columns.map((column) => column.map((v) => 1024 * v)),
      ),
      train.target.map((y) => y / 64),
    );
    const short = { ...options, maxEpochs: 3 };
    const plain = multilayerPerceptron(train, short).model.predict(train.features);
    const moved = multilayerPerceptron(scaled, short).model.predict(scaled.features);
    expect(moved).toAgree(
      plain.map((y) => y / 64),
      1e-6,
    );
  });

  it('starts from what it knew: a shifted function from few rows', () => {
    const shifted = (rows: number, seed: number) => {
      const data = friedman(rows, seed, 0.1);
      return dataset(
        data.features,
        data.target.map((y) => 1.3 * y + 2),
      );
    };
    const few = shifted(24, 7);
    const fresh = shifted(400, 8);
    const rmse = (tuned: { model: { predict: typeof fit.model.predict } }) =>
      regressionMetrics(fresh.target, tuned.model.predict(fresh.features)).rmse;
    const short = { ...options, maxEpochs: 200, learningRate: 1e-3 };
    const warm = rmse(multilayerPerceptron(few, { ...short, warmStart: fit.model, l2: 1e-3 }));
    expect(warm).toBeLessThan(0.5 * rmse(multilayerPerceptron(few, short)));
    expect(warm).toBeLessThan(0.5 * rmse(fit));
  });

  it('with no epochs a warm start changes nothing', () => {
    const same = multilayerPerceptron(train, { warmStart: fit.model, maxEpochs: 0 });
    expect(same.model.predict(test.features)).toEqual(fit.model.predict(test.features));
    expect(same.epochs).toBe(0);
    expect(same.converged).toBe(false);
  });

  it('takes a row of weight 0 as absent', () => {
    const weights = train.target.map((_, i) => (i % 2 === 0 ? 1 : 0));
    const wild = dataset(
      train.features,
      train.target.map((y, i) => (i % 2 === 0 ? y : 1e3)),
      weights,
    );
    const { model } = multilayerPerceptron(wild, { ...options, maxEpochs: 150 });
    expect(regressionMetrics(test.target, model.predict(test.features)).rmse).toBeLessThan(1.5);
  });

  it('predicts several targets with one network', () => {
    const targets = featureTable(['y', 'half'], [train.target, train.target.map((y) => y / 2 + 100)]);
    const { model } = multiOutputPerceptron(train.features, targets, options);
    const { columns, names } = model.predictAll(test.features);
    expect(names).toEqual(['y', 'half']);
    const [y, half] = columns as [Float64Array, Float64Array];
    expect(regressionMetrics(test.target, y).rmse).toBeLessThan(1);
    expect(
      regressionMetrics(
        test.target.map((v) => v / 2 + 100),
        half,
      ).rmse,
    ).toBeLessThan(0.5);
    expect(() => model.predict(test.features)).toThrow(
      'predict: must be asked of a network with one output; got 2: predictAll gives them all',
    );
  });

  it('round-trips through JSON to the last bit', () => {
    expect(modelFromJSON(throughJSON(fit.model)).predict(test.features)).toEqual(fit.model.predict(test.features));
  });

  it('reports progress', () => {
    const epochs: number[] = [];
    multilayerPerceptron(train, { ...options, maxEpochs: 3, onEpoch: (epoch) => epochs.push(epoch) });
    expect(epochs).toEqual([1, 2, 3]);
  });

  it('refuses what it cannot use', () => {
    const tiny = dataset(featuresOf({ x: [1, 2] }), Float64Array.of(1, 2));
    expect(() => multilayerPerceptron(tiny, { hiddenLayers: [0] })).toThrow(
      'hiddenLayers: must be a whole number from 1; got 0',
    );
    expect(() => multilayerPerceptron(tiny, { validationFraction: 1 })).toThrow('from 0 to below 1; got 1');
    expect(() => multilayerPerceptron(tiny, { warmStart: fit.model })).toThrow(
      'warmStart: must have the same features and outputs (a, b, c, d -> target); got "x -> target"',
    );
    const json = throughJSON(fit.model) as Record<string, unknown>;
    expect(() => modelFromJSON({ ...json, sizes: [4, 24, 2] })).toThrow(
      'sizes: must lead from the features to the outputs',
    );
    expect(() => modelFromJSON({ ...json, activation: 'swish' })).toThrow('must be "relu" or "tanh"');
  });
});
