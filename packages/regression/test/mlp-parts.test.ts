import '@stepclock/vitest-matchers';
import { validated } from '@stepclock/model-file';
import { seededRandom } from '@stepclock/numerics';
import { describe, expect, it } from 'vitest';
import { dataset, featuresOf, featureTable, multilayerPerceptron, multiOutputPerceptron } from '../src/index.js';
import { Adam } from '../src/mlp/adam.js';
import { matrixKernel } from '../src/mlp/matrix-kernel.js';
import { type MatrixView, multiply, multiplyPlain } from '../src/mlp/matrix-product.js';
import { mlpOf, mlpSchema } from '../src/mlp/mlp-model.js';
import {
  backward,
  forward,
  initialParameters,
  makeWorkspace,
  type NetworkShape,
  parameterCount,
  weightMask,
} from '../src/mlp/network.js';
import { type TrainingOptions, trainNetwork } from '../src/mlp/train-network.js';
import { refusalOf } from './refusal.js';
import { throughJSON } from './synthetic.js';

const numbers = (...values: number[]) => Float64Array.from(values);

const mlpFrom = (json: unknown) => mlpOf(validated(json, mlpSchema, { code: 'regression/bad-model', path: 'model' }));

describe('Adam', () => {
  it('first moves each parameter by the rate against the sign of its gradient', () => {
    const parameters = numbers(1, 1, 1);
    new Adam(3).step(parameters, numbers(5, -0.01, 0), 0.1);
    // Both means are corrected for their start: g / sqrt(g^2), but for 1e-8 over sqrt(0.001) g.
    expect(parameters).toAgree([0.9, 1.1, 1], 1e-5);
    expect(parameters[2]).toBe(1);
  });

  it('hardly moves for a gradient of 1e-8 and less', () => {
    // 0.1 sqrt(0.001) / 0.1 x 0.1 g / (sqrt(0.001) g + 1e-8).
    const parameters = numbers(0);
    new Adam(1).step(parameters, numbers(1e-7), 0.1);
    const root = Math.sqrt(1e-3);
    expect(parameters[0]).toAgree((-root * 1e-8) / (root * 1e-7 + 1e-8), 1e-9);
  });

  it('then by the running means of the paper', () => {
    const parameters = numbers(0);
    const adam = new Adam(1);
    let [m, v, want] = [0, 0, 0];
    [3, -1, 0.5, 2].forEach((g, k) => {
      adam.step(parameters, numbers(g), 0.01);
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      const [mHat, vHat] = [m / (1 - 0.9 ** (k + 1)), v / (1 - 0.999 ** (k + 1))];
      want -= (0.01 * mHat) / Math.sqrt(vHat);
      expect(parameters[0]).toAgree(want, 1e-5);
    });
  });
});

describe('network', () => {
  const shape: NetworkShape = { sizes: [2, 3, 1], activation: 'relu' };

  it('has weights and biases layer by layer', () => {
    expect(parameterCount(shape)).toBe(13);
    expect([...weightMask(shape)]).toEqual([1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0]);
    const workspace = makeWorkspace(shape, 4);
    expect(workspace.capacity).toBe(4);
    expect(workspace.activations.map(({ length }) => length)).toEqual([8, 12, 4]);
    expect(workspace.deltas.map(({ length }) => length)).toEqual([8, 12, 4]);
  });

  it('starts within the bound of its layer, biases at 0 for tanh and drawn for relu', () => {
    const random = () => 0.75;
    const bounds = [Math.sqrt(6 / 5), Math.sqrt(6 / 4)];
    const weights = (l: number, count: number) => new Array<number>(count).fill(bounds[l] / 2);
    expect(initialParameters(shape, random)).toAgree([...weights(0, 9), ...weights(1, 4)], 1e-15);
    expect(initialParameters({ ...shape, activation: 'tanh' }, random)).toAgree(
      [...weights(0, 6), 0, 0, 0, ...weights(1, 3), 0],
      1e-15,
    );
  });

  // Rows (1, 2) and (-1, 0.5); units 1 x + 0 y - 2, -1 x + 2 y + 0.5, 0.5 x + 0.25 y; output 3, -1, 2 and 0.25.
  const parameters = numbers(1, 0, -1, 2, 0.5, 0.25, -2, 0.5, 0, 3, -1, 2, 0.25);
  const run = (activation: 'relu' | 'tanh') => {
    const whole = { ...shape, activation };
    const workspace = makeWorkspace(whole, 2);
    workspace.activations[0].set([1, 2, -1, 0.5]);
    const output = forward(whole, parameters, workspace, 2);
    return { whole, workspace, output };
  };
  const sums = [
    [-1, 3.5, 1],
    [-3, 2.5, -0.375],
  ];

  it.each([
    ['relu', (v: number) => Math.max(0, v), (v: number) => (v > 0 ? 1 : 0)],
    ['tanh', Math.tanh, (v: number) => 1 - Math.tanh(v) ** 2],
  ] as const)('runs forward and backward as by hand (%s)', (activation, f, slope) => {
    const { whole, workspace, output } = run(activation);
    const hidden = sums.map((row) => row.map(f));
    expect(output).toAgree(
      hidden.map(([a, b, c]) => 0.25 + 3 * Number(a) - Number(b) + 2 * Number(c)),
      1e-14,
    );
    expect(workspace.activations[1] ?? []).toAgree(hidden.flat(), 1e-15);
    workspace.deltas[2].set([1, 10]);
    const gradient = new Float64Array(13).fill(99);
    backward(whole, parameters, workspace, 2, gradient);
    const out = [3, -1, 2];
    const delta = sums.map((row, r) => row.map((v, k) => (r === 0 ? 1 : 10) * out[k] * slope(v)));
    const x = [
      [1, 2],
      [-1, 0.5],
    ];
    const column = (values: number[][], k: number, by: (r: number) => number) =>
      values.reduce((sum, row, r) => sum + row[k] * by(r), 0);
    const want = [0, 1, 2].flatMap((k) => [0, 1].map((j) => column(delta, k, (r) => x[r]?.[j])));
    want.push(...[0, 1, 2].map((k) => column(delta, k, () => 1)));
    want.push(...[0, 1, 2].map((k) => column(hidden, k, (r) => (r === 0 ? 1 : 10))), 11);
    expect(gradient).toAgree(want, 1e-13, 1e-13);
  });

  it('relu gives 0 and the value up to the largest numbers, and a slope of 1 from the smallest normal ones up', () => {
    const identity: NetworkShape = { sizes: [1, 1, 1], activation: 'relu' };
    const workspace = makeWorkspace(identity, 5);
    const values = [Number.MAX_VALUE, 1e308, -Number.MAX_VALUE, 1e-290, 0];
    workspace.activations[0].set(values);
    const output = forward(identity, numbers(1, 0, 1, 0), workspace, 5);
    expect([...output].map((v) => v + 0)).toEqual([Number.MAX_VALUE, 1e308, 0, 1e-290, 0]);
    workspace.deltas[2].fill(1);
    const gradient = new Float64Array(4);
    backward(identity, numbers(1, 0, 1, 0), workspace, 5, gradient);
    expect([...(workspace.deltas[1] ?? [])]).toEqual([1, 1, 0, 1, 0]);
  });
});

describe('matrix products', () => {
  const element = ({ values, at, rowStep, columnStep }: MatrixView, i: number, k: number): number =>
    values[at + i * rowStep + k * columnStep];
  const view = (rows: number, columns: number, byColumns: boolean, at: number): MatrixView => ({
    values: Float64Array.from({ length: at + rows * columns }, (_, k) => Math.sin(1 + 3 * k)),
    at,
    rowStep: byColumns ? 1 : columns,
    columnStep: byColumns ? rows : 1,
  });

  it.each([
    [1, 1, 1],
    [3, 2, 5],
    [4, 4, 3],
    [5, 7, 2],
    [7, 5, 4],
    [8, 8, 1],
    [9, 4, 3],
    [4, 9, 3],
    [10, 11, 10],
    [13, 9, 12],
    [12, 12, 12],
    [2, 600, 1],
    [4, 4, 0],
  ])('of %i x %i rows and %i columns are sums of products, beside which nothing is written', (rows, columns, inner) => {
    for (const [byColumns, other, at] of [
      [false, false, 0],
      [true, false, 2],
      [false, true, 3],
      [true, true, 1],
    ] as const) {
      const left = view(rows, inner, byColumns, at);
      const right = view(columns, inner, other, 2 * at);
      const want = Array.from({ length: rows * columns }, (_, e) => {
        let sum = 0;
        for (let k = 0; k < inner; k++)
          sum += element(left, Math.floor(e / columns), k) * element(right, e % columns, k);
        return sum;
      });
      for (const product of [multiply, multiplyPlain]) {
        const to = new Float64Array(at + rows * columns + 5).fill(7);
        product(to, at, left, right, rows, columns, inner);
        expect([...to]).toEqual([...new Array(at).fill(7), ...want, 7, 7, 7, 7, 7]);
      }
    }
  });

  it('the kernel has room for what is asked, more than a page at a time', () => {
    const kernel = matrixKernel();
    if (kernel === undefined) throw new Error('this runtime has no WebAssembly with vectors');
    const page = 65536 / 8;
    expect(kernel.room(10)).toHaveLength(page);
    expect(kernel.room(page)).toHaveLength(page);
    expect(kernel.room(page + 1)).toHaveLength(2 * page);
    const wide = kernel.room(5 * page + 1);
    expect(wide).toHaveLength(6 * page);
    expect(kernel.room(3)).toBe(wide);
  });
});

describe('trainNetwork', () => {
  /** One weight and one bias. */
  const line: NetworkShape = { sizes: [1, 1], activation: 'tanh' };
  const x = Float64Array.from({ length: 40 }, (_, i) => i / 20 - 1);
  const y = x.map((v) => 0.5 * v + 0.25);
  const options = (change: Partial<TrainingOptions> = {}): TrainingOptions => ({
    learningRate: 0.05,
    batchSize: 8,
    maxEpochs: 200,
    patience: 5,
    validationFraction: 0,
    l2: 0,
    random: seededRandom(1),
    ...change,
  });
  const train = (change: Partial<TrainingOptions> = {}, weights?: Float64Array, target = y, anchor?: Float64Array) =>
    trainNetwork(line, x, target, weights, numbers(0, 0), anchor, options(change));
  const mse = (parameters: Float64Array, rows = [...x.keys()], target = y) =>
    rows.reduce((sum, i) => sum + (parameters[0] * x[i] + parameters[1] - target[i]) ** 2, 0) / rows.length;

  it('finds a line, and reports its error at the parameters it returns', () => {
    for (const change of [{}, { batchSize: 40 }, { batchSize: 1000 }, { batchSize: 7 }]) {
      const { parameters, converged, validationMse, epochs } = train({ maxEpochs: 400, ...change });
      expect(parameters).toAgree([0.5, 0.25], 0.02);
      expect(validationMse).toAgree(mse(parameters), 1e-9, 1e-18);
      expect(converged).toBe(epochs < 400);
    }
  });

  it('stops after patience three times without a better error: the best parameters stay', () => {
    // Noise alone, and no rate to speak of: nothing is ever better by a ten-thousandth.
    const errors: number[] = [];
    const report = train({ learningRate: 1e-9, patience: 4, onEpoch: (_, error) => errors.push(error) });
    expect(report).toMatchObject({ epochs: 12, converged: true });
    expect(errors).toHaveLength(12);
    // A rate far too large: the start is better than all that follows.
    const wild = train({ learningRate: 1e4, patience: 2 });
    expect(wild).toMatchObject({ epochs: 6, converged: true });
    expect([...wild.parameters]).toEqual([0, 0]);
    expect(wild.validationMse).toAgree(mse(numbers(0, 0)), 1e-12);
  });

  it('lowers the rate by a fifth at each fall, from the best point met and without momentum', () => {
    // Full batches of a single row with a constant gradient sign: each epoch moves by the rate, whatever the gradient.
    const far = numbers(1e9);
    const seen: number[] = [];
    // Errors worth following fall by less than a ten-thousandth an epoch, so each counts as stale.
    const report = trainNetwork(
      { sizes: [1, 1], activation: 'tanh' },
      numbers(0),
      far,
      undefined,
      numbers(0, 0),
      undefined,
      options({ learningRate: 1, batchSize: 1, patience: 2, onEpoch: (_, error) => seen.push(1e9 - Math.sqrt(error)) }),
    );
    expect(report).toMatchObject({ epochs: 6, converged: true });
    expect(seen).toAgree([1, 2, 2.2, 2.4, 2.44, 2.48], 1e-6);
    expect(report.parameters[1]).toAgree(2.48, 1e-6);
  });

  it('leaves the start as it was, and says so when it ran out of epochs', () => {
    const start = numbers(0, 0);
    const report = trainNetwork(line, x, y, undefined, start, undefined, options({ maxEpochs: 3 }));
    expect([...start]).toEqual([0, 0]);
    expect(report).toMatchObject({ epochs: 3, converged: false });
    expect(report.parameters[0]).not.toBe(0);
  });

  it('shuffles the rows anew for every epoch', () => {
    // The first hundred draws cover the first order and the first epoch; the other epochs draw as told.
    const at = (draw: number) => {
      let draws = 0;
      const random = () => (draws++ < 100 ? 0.5 : draw);
      return [
        ...train(
          { batchSize: 1, maxEpochs: 3, random },
          undefined,
          y.map((v, i) => v + (i % 3)),
        ).parameters,
      ];
    };
    expect(at(0.2)).toEqual(at(0.2));
    expect(at(0.2)).not.toEqual(at(0.7));
  });

  it('lays the inputs of a row side by side', () => {
    const plane: NetworkShape = { sizes: [2, 1], activation: 'tanh' };
    const inputs = Float64Array.from({ length: 80 }, (_, k) => Math.sin(1 + 3 * k));
    const target = Float64Array.from({ length: 40 }, (_, i) => inputs[2 * i] - 2 * inputs[2 * i + 1]);
    for (const batchSize of [8, 40]) {
      const { parameters, validationMse } = trainNetwork(
        plane,
        inputs,
        target,
        undefined,
        numbers(0, 0, 0),
        undefined,
        options({ batchSize, maxEpochs: 400 }),
      );
      expect(parameters).toAgree([1, -2, 0], 0.02, 0.02);
      expect(validationMse).toBeLessThan(1e-3);
    }
  });

  it('counts a better error from a ten-thousandth on', () => {
    const epochsAt = (rate: number) =>
      trainNetwork(line, numbers(0), numbers(1), undefined, numbers(0, 0), undefined, {
        ...options({ learningRate: rate, batchSize: 1, patience: 1, maxEpochs: 50 }),
      }).epochs;
    // The error (1 - rate)^2 falls by twice the rate.
    expect(epochsAt(0.4e-4)).toBe(3);
    expect(epochsAt(0.6e-4)).toBeGreaterThan(3);
  });

  it('watches rows held back, and trains on the others alone', () => {
    // One row is far off: held back or not shows in the line.
    const wild = y.with(17, 1000);
    const outcomes = Array.from({ length: 12 }, (_, seed) => {
      const { parameters, validationMse } = train(
        { validationFraction: 0.5, random: seededRandom(seed), maxEpochs: 30, patience: 50 },
        undefined,
        wild,
      );
      return { bias: parameters[1], validationMse };
    });
    // Held back (with 19 others), the row makes an error of 1000^2 / 20, and the line never hears of it; else the others are near.
    const held = outcomes.filter(({ validationMse }) => validationMse > 10);
    for (const { bias, validationMse } of held) {
      expect(validationMse).toAgree(5e4, 0.02);
      expect(bias).toBeLessThan(0.6);
    }
    expect(held.length).toBeGreaterThan(1);
    expect(held.length).toBeLessThan(11);
    // A share of less than one row holds nothing back.
    expect(train({ validationFraction: 0.02 }).validationMse).toBeLessThan(1e-4);
  });

  it('weighs rows in the error and in the step', () => {
    // Two levels at the same inputs: the weighted mean wins.
    const target = x.map((_, i) => (i % 2 === 0 ? 1 : -1));
    const weights = x.map((_, i) => (i % 2 === 0 ? 1.5 : 0.5));
    const { parameters, validationMse } = train({ maxEpochs: 300, batchSize: 40 }, weights, target);
    expect(parameters[1]).toAgree(0.5, 0.05);
    const want =
      x.reduce((sum, v, i) => {
        const error = parameters[0] * v + parameters[1] - target[i];
        return sum + weights[i] * error * error;
      }, 0) / 40;
    expect(validationMse).toAgree(want, 1e-9);
  });

  it('l2 pulls weights, not biases, towards the anchor', () => {
    // Minimum of half the mean squared error and l2 (w - a)^2 / 2: w (S + l2) = 0.5 S + l2 a with S the mean of x^2 about 0.
    const centred = x.map((v) => v + 0.025);
    const squares = centred.reduce((sum, v) => sum + v * v, 0) / 40;
    const target = centred.map((v) => 0.5 * v + 0.25);
    const fit = (l2: number, anchor?: Float64Array) =>
      trainNetwork(
        line,
        centred,
        target,
        undefined,
        numbers(0.3, 0.3),
        anchor,
        options({ l2, batchSize: 40, maxEpochs: 3000, patience: 3000, learningRate: 2e-3 }),
      ).parameters;
    expect(fit(0)).toAgree([0.5, 0.25], 1e-3);
    // The best by its error is what is returned: pulls are looked at after a single step each instead.
    const one = (l2: number, anchor?: Float64Array) => {
      const start = numbers(0.5, 0.25);
      const errors: number[] = [];
      trainNetwork(
        line,
        centred,
        target,
        undefined,
        start,
        anchor,
        options({ l2, batchSize: 40, maxEpochs: 1, learningRate: 0.01, onEpoch: (_, error) => errors.push(error) }),
      );
      return errors[0];
    };
    // At the minimum only the pull moves: by the rate, towards 0 or the anchor, the weight alone.
    const moved = 0.01 ** 2 * squares;
    expect(one(0)).toBeLessThan(moved * 1e-6);
    expect(one(0.1)).toAgree(moved, 1e-3);
    expect(one(0.1, numbers(0.2, -5))).toAgree(moved, 1e-3);
    expect(one(0.1, numbers(0.5, -5))).toBeLessThan(moved * 1e-6);
    // A pull that outweighs the slope of 0.52 of the data: from 0.5 down to 0.49, or up to 0.51.
    const steep = centred.map((v) => 0.52 * v + 0.25);
    const pulled = (anchor: number) => {
      const errors: number[] = [];
      const onEpoch = (_: number, error: number) => errors.push(error);
      const strong = options({ l2: 1e3, batchSize: 40, maxEpochs: 1, learningRate: 0.01, onEpoch });
      trainNetwork(line, centred, steep, undefined, numbers(0.5, 0.25), numbers(anchor, 0), strong);
      return Math.sqrt(errors[0] / squares);
    };
    expect(pulled(0.2)).toAgree(0.03, 1e-3);
    expect(pulled(0.9)).toAgree(0.01, 1e-3);
  });

  it('has several outputs, each of which counts the same', () => {
    const shape: NetworkShape = { sizes: [1, 2], activation: 'tanh' };
    const both = Float64Array.from({ length: 80 }, (_, k) => (k % 2 === 0 ? 1 : -1) * x[k >> 1]);
    const { parameters, validationMse } = trainNetwork(
      shape,
      x,
      both,
      undefined,
      new Float64Array(4),
      undefined,
      options({ maxEpochs: 1, learningRate: 0.1, batchSize: 40 }),
    );
    // After one step of 0.1: weights 0.1 and -0.1, biases 0.1 either way (the mean of x is -0.025).
    expect(parameters.map(Math.abs)).toAgree([0.1, 0.1, 0.1, 0.1], 1e-3);
    const bias = parameters[2];
    const want = x.reduce((sum, v) => sum + (0.1 * v + bias - v) ** 2, 0) / 40;
    expect(validationMse).toAgree(want, 1e-3);
  });
});

describe('multilayerPerceptron by its options', () => {
  const x = Array.from({ length: 60 }, (_, i) => i / 10);
  const data = dataset(
    featuresOf({ x }),
    Float64Array.from(x, (v) => Math.sin(v)),
  );
  const quick = { hiddenLayers: [3], maxEpochs: 2 };
  const fitted = (options: object, rows = data) => throughJSON(multilayerPerceptron(rows, options).model);

  it('has two layers of 32 tanh units and the defaults of its documentation', () => {
    const spelt = {
      hiddenLayers: [32, 32],
      activation: 'tanh',
      learningRate: 3e-3,
      batchSize: 32,
      patience: 10,
      validationFraction: 0.1,
      l2: 1e-5,
      seed: 0,
    };
    const plain = fitted({ maxEpochs: 2 });
    expect(plain).toMatchObject({ kind: 'mlp', activation: 'tanh', sizes: [1, 32, 32, 1], output_names: ['target'] });
    expect(plain).toEqual(fitted({ ...spelt, maxEpochs: 2 }));
    for (const change of [
      { learningRate: 1e-3 },
      { batchSize: 16 },
      { validationFraction: 0 },
      { l2: 1 },
      { seed: 1 },
    ]) {
      expect(fitted({ ...spelt, ...change, maxEpochs: 2 })).not.toEqual(plain);
    }
    // Below 50 rows none is held back.
    const few = dataset(featuresOf({ x: x.slice(0, 49) }), data.target.slice(0, 49));
    expect(fitted(quick, few)).toEqual(fitted({ ...quick, validationFraction: 0 }, few));
    const fifty = dataset(featuresOf({ x: x.slice(0, 50) }), data.target.slice(0, 50));
    expect(fitted(quick, fifty)).toEqual(fitted({ ...quick, validationFraction: 0.1 }, fifty));
    expect(fitted(quick, fifty)).not.toEqual(fitted({ ...quick, validationFraction: 0 }, fifty));
    const slow = { hiddenLayers: [1], learningRate: 1e-12 };
    expect(multilayerPerceptron(data, slow)).toMatchObject({ epochs: 30, converged: true });
    expect(multilayerPerceptron(data, { ...slow, patience: 1 }).epochs).toBe(3);
    expect(multilayerPerceptron(data, { ...slow, patience: 1e6, learningRate: 1e-5 }).epochs).toBe(500);
  });

  it('leaves rows of weight 0 out, and takes only the ratios of the others', () => {
    const weights = Float64Array.from(x, (_, i) => (i < 10 ? 0 : 1 + (i % 2)));
    const rest = featuresOf({ x: x.slice(10) });
    const without = fitted(quick, dataset(rest, data.target.slice(10), weights.slice(10)));
    expect(fitted(quick, dataset(data.features, data.target, weights))).toEqual(without);
    const doubled = multilayerPerceptron(
      dataset(
        rest,
        data.target.slice(10),
        weights.slice(10).map((w) => 4 * w),
      ),
      quick,
    );
    expect(throughJSON(doubled.model)).toEqual(without);
    expect(fitted(quick, dataset(rest, data.target.slice(10)))).not.toEqual(without);
  });

  it('fits the weighted mean where targets differ, and equal weights are none', () => {
    const rows = dataset(
      featuresOf({ x: [0, 0, 0, 1, 1, 1] }),
      numbers(0, 10, 1000, 5, 5, -1000),
      numbers(9, 1, 0, 2, 2, 0),
    );
    const { model } = multilayerPerceptron(rows, { hiddenLayers: [4], maxEpochs: 2000, learningRate: 0.03, l2: 0 });
    expect(model.predict(featuresOf({ x: [0, 1] }))).toAgree([1, 5], 0.05, 0.05);
    expect(model.trainingRange.rows).toBe(4);
    const sevens = dataset(
      data.features,
      data.target,
      data.target.map(() => 7),
    );
    expect(fitted(quick, sevens)).toEqual(fitted(quick));
  });

  it('goes on from a model, with its shape and scales, by name', () => {
    const { model } = multilayerPerceptron(data, quick);
    const same = multilayerPerceptron(data, { warmStart: model, hiddenLayers: [9], maxEpochs: 0 });
    expect(same).toMatchObject({ epochs: 0, converged: false });
    expect(throughJSON(same.model)).toEqual(throughJSON(model));
    const tuned = multilayerPerceptron(data, { warmStart: model, maxEpochs: 20 });
    expect(tuned.validationMse).toBeLessThan(same.validationMse);
    // Held at what it was by a strong pull, it hardly moves.
    const held = multilayerPerceptron(data, { warmStart: model, maxEpochs: 20, l2: 1e6, learningRate: 1e-6 });
    expect(held.model.predict(data.features)).toAgree([...model.predict(data.features)], 1e-3, 1e-3);
    const pair = featuresOf({ a: x, b: x.map((v) => v * v) });
    const both = multiOutputPerceptron(pair, featuresOf({ p: x, q: x }), quick).model;
    expect(multiOutputPerceptron(pair, featuresOf({ p: x, q: x }), { ...quick, warmStart: both }).epochs).toBe(2);
    const other = featuresOf({ a: x, c: x });
    expect(
      refusalOf(() => multiOutputPerceptron(other, featuresOf({ p: x, q: x }), { warmStart: both })),
    ).toMatchObject({
      message: 'warmStart: must have the same features and outputs (a, b -> p, q); got "a, c -> p, q"',
    });
    expect(() => multiOutputPerceptron(pair, featuresOf({ p: x, r: x }), { warmStart: both })).toThrow(
      'warmStart: must have the same features and outputs (a, b -> p, q); got "a, b -> p, r"',
    );
  });

  it('refuses columns that are not there, options out of range and another model to go on from', () => {
    const none = featureTable([], []);
    const one = featuresOf({ x: [1, 2] });
    for (const [features, targets] of [
      [one, none],
      [none, one],
    ] as const) {
      expect(refusalOf(() => multiOutputPerceptron(features, targets))).toMatchObject({
        code: 'regression/bad-option',
        message: 'features, targets: must have at least one column each',
      });
    }
    expect(() => multiOutputPerceptron(one, featuresOf({ y: [1, 2, 3] }))).toThrow('must have as many rows');
    for (const [options, message] of [
      [{ validationFraction: 1 }, 'validationFraction: must be from 0 to below 1; got 1'],
      [{ validationFraction: -0.1 }, 'validationFraction: must be from 0 to below 1; got -0.1'],
      [{ learningRate: 0 }, 'learningRate: must be above 0; got 0'],
      [{ batchSize: 0 }, 'batchSize: must be a whole number from 1; got 0'],
      [{ maxEpochs: -1 }, 'maxEpochs: must be a whole number from 0; got -1'],
      [{ patience: 0 }, 'patience: must be a whole number from 1; got 0'],
      [{ l2: -1 }, 'l2: must be at least 0; got -1'],
      [{ hiddenLayers: [2, 0.5] }, 'hiddenLayers: must be a whole number from 1; got 0.5'],
    ] as const) {
      expect(refusalOf(() => multilayerPerceptron(data, options)).message).toBe(message);
    }
    expect(refusalOf(() => multilayerPerceptron(data, { validationFraction: 2 }))).toMatchObject({
      code: 'regression/bad-option',
      what: 'validationFraction',
      value: 2,
    });
    const { model } = multilayerPerceptron(data, quick);
    const others = dataset(featuresOf({ z: x }), data.target);
    expect(refusalOf(() => multilayerPerceptron(others, { warmStart: model }))).toMatchObject({
      code: 'regression/bad-option',
      message: 'warmStart: must have the same features and outputs (x -> target); got "z -> target"',
      what: 'warmStart',
      value: 'z -> target',
    });
    const more = dataset(featuresOf({ x, z: x }), data.target);
    expect(() => multilayerPerceptron(more, { warmStart: model })).toThrow(
      'warmStart: must have the same features and outputs (x -> target); got "x, z -> target"',
    );
    expect(() => multiOutputPerceptron(data.features, featuresOf({ y: x }), { warmStart: model })).toThrow(
      'got "x -> y"',
    );
  });

  it('is written and read back, and predicts in blocks as row by row', () => {
    const { model } = multilayerPerceptron(data, quick);
    const json = throughJSON(model) as Record<string, unknown>;
    const back = mlpFrom(json);
    expect(throughJSON(back)).toEqual(json);
    const many = Float64Array.from({ length: 600 }, (_, i) => i / 100);
    const all = back.predict(featuresOf({ x: many }));
    expect(all).toEqual(model.predict(featuresOf({ x: many })));
    for (const row of [0, 255, 256, 511, 512, 599]) {
      expect(all[row]).toAgree(back.predict(featuresOf({ x: [many[row]] }))[0], 1e-14, 1e-14);
    }
    expect(back.predictAll(featuresOf({ x: many }))).toEqual({ length: 600, names: ['target'], columns: [all] });
  });

  const json = {
    schema: 'stepclock/regression-model@1',
    kind: 'mlp',
    training_range: { rows: 1, features: ['a', 'b'].map((name) => ({ name, min: 0, max: 1 })) },
    activation: 'relu',
    sizes: [2, 1, 2],
    output_names: ['p', 'q'],
    input_scales: [
      { mean: 1, sd: 2 },
      { mean: 0, sd: 0.5 },
    ],
    output_scales: [
      { mean: 10, sd: 3 },
      { mean: -1, sd: 1 },
    ],
    parameters: [1, 0.5, 0, 2, -1, 0.5, 0],
  };

  it('predicts by hand: scales in, units, scales out', () => {
    const model = mlpFrom(json);
    // (5, 2): standardised 2 and 4, unit 4; outputs 8.5 and -4. (-5, 0): unit 0; 0.5 and 0.
    const { columns, names, length } = model.predictAll(featuresOf({ b: [2, 0], a: [5, -5] }));
    expect(names).toEqual(['p', 'q']);
    expect(length).toBe(2);
    expect(columns.map((column) => [...column])).toEqual([
      [35.5, 11.5],
      [-5, -1],
    ]);
    expect(refusalOf(() => model.predict(featuresOf({ a: [1], b: [1] })))).toMatchObject({
      code: 'regression/bad-option',
      message: 'predict: must be asked of a network with one output; got 2: predictAll gives them all',
      value: 2,
    });
    expect(model).toMatchObject({ kind: 'mlp', featureNames: ['a', 'b'], outputNames: ['p', 'q'] });
    expect(throughJSON(model)).toEqual(json);
  });

  it('predicts many rows of two features in blocks', () => {
    const model = mlpFrom(json);
    const [a, b] = [5, 2].map((scale) => Float64Array.from({ length: 600 }, (_, i) => scale * Math.cos(i)));
    const table = featuresOf({ a: a ?? [], b: b ?? [] });
    const [p, q] = model.predictAll(table).columns;
    for (const row of [0, 1, 255, 256, 257, 511, 512, 599]) {
      const unit = Math.max(0, (a?.[row] - 1) / 2 + b?.[row]);
      expect([p?.[row], q?.[row]]).toAgree([10 + 3 * (2 * unit + 0.5), -1 - unit], 1e-13, 1e-13);
    }
  });

  it.each([
    [{ sizes: [3, 1, 2] }, 'model.sizes: must lead from the features to the outputs; got an array of 3'],
    [{ sizes: [2, 1, 1] }, 'model.sizes: must lead from the features to the outputs; got an array of 3'],
    [{ sizes: [2, 0, 2] }, 'model.sizes[1]: must be a number from 1 to 100000; got 0'],
    [{ sizes: [2, 1.5, 2] }, 'model.sizes[1]: must be a whole number from 1 to 100000; got 1.5'],
    [{ sizes: [2] }, 'model.sizes: must be 2 layers at least; got an array of 1'],
    [{ activation: 'swish' }, 'model.activation: must be "relu" or "tanh"; got "swish"'],
    [{ parameters: [1] }, 'model.parameters: must be as many as sizes ask for; got an array of 1'],
    [{ input_scales: [] }, 'model.input_scales: must be one a feature; got an array of 0'],
    [{ output_scales: [] }, 'model.output_scales: must be one an output; got an array of 0'],
    [{ input_scales: [{ mean: 1 }] }, 'model.input_scales[0].sd: must be given; got nothing'],
    [{ input_scales: [{ sd: 1 }] }, 'model.input_scales[0].mean: must be given; got nothing'],
    [{ output_names: [1, 2] }, 'model.output_names[0]: must be a text; got 1'],
  ])('refuses %j', (change, message) => {
    expect(refusalOf(() => mlpFrom({ ...json, ...change })).message).toBe(message);
  });

  it('a network without hidden layers is read as well', () => {
    const plain = { ...json, sizes: [2, 2], parameters: [1, 0, 0, 1, 0, 0] };
    const { columns } = mlpFrom(plain).predictAll(featuresOf({ a: [3], b: [1] }));
    expect(columns.map(([value]) => value)).toEqual([13, 1]);
  });
});
