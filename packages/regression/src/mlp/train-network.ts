import { type RandomSource, shuffled } from '@stepclock/numerics';
import { Adam } from './adam.js';
import {
  backward,
  forward,
  makeWorkspace,
  type NetworkShape,
  outputsOf,
  type Workspace,
  weightMask,
} from './network.js';

export interface TrainingOptions {
  readonly learningRate: number;
  readonly batchSize: number;
  readonly maxEpochs: number;
  /** Epochs without a better validation error before the learning rate falls, and after two falls before training stops. */
  readonly patience: number;
  /** Share of the rows held back to stop by; 0 watches the training error instead. */
  readonly validationFraction: number;
  /** Strength of the pull of the weights towards `anchor`, on squared weights in the mean squared error of standardised targets. */
  readonly l2: number;
  readonly random: RandomSource;
  readonly onEpoch?: ((epoch: number, validationMse: number) => void) | undefined;
}

export interface TrainingReport {
  readonly parameters: Float64Array;
  readonly epochs: number;
  /** Whether training ended because the error stood still, rather than at `maxEpochs`. */
  readonly converged: boolean;
  /** Mean squared error in standardised targets of the rows stopped by, at the parameters returned. */
  readonly validationMse: number;
}

/** How often the learning rate falls by `RATE_FALL` before training ends. */
const RATE_FALLS = 3;
const RATE_FALL = 0.2;

/**
 * Minimises the mean squared error over mini-batches with Adam; returns the best parameters met.
 *
 * @param x standardised inputs, row by row
 * @param y standardised targets, row by row
 * @param weights one a row with mean 1, or undefined when all rows count the same
 * @param start parameters to begin with
 * @param anchor where `l2` pulls the weights: zero for a new network, `start` for one being fine-tuned
 */
export const trainNetwork = (
  shape: NetworkShape,
  x: Float64Array,
  y: Float64Array,
  weights: Float64Array | undefined,
  start: Float64Array,
  anchor: Float64Array | undefined,
  options: TrainingOptions,
): TrainingReport => {
  const inputs = shape.sizes[0];
  const n = x.length / inputs;
  const order = shuffled(n, options.random);
  const heldOut = Math.floor(options.validationFraction * n);
  const watched = heldOut > 0 ? order.slice(0, heldOut) : order.slice();
  const training = heldOut > 0 ? order.slice(heldOut) : order;
  const batchSize = Math.min(options.batchSize, training.length);
  /** The batch is what is watched: each pass forward serves the error and the step that follows. */
  const whole = heldOut === 0 && batchSize === n;
  const workspace = makeWorkspace(shape, batchSize);
  const mask = weightMask(shape);
  const gradient = new Float64Array(start.length);
  const parameters = start.slice();
  const best = start.slice();
  let bestMse = meanSquaredError(shape, parameters, x, y, weights, watched, workspace);
  let rate = options.learningRate;
  let adam = new Adam(parameters.length);
  let falls = 0;
  let stale = 0;
  let epoch = 0;
  let passed = whole;

  while (epoch < options.maxEpochs && falls < RATE_FALLS) {
    epoch++;
    if (!whole) shuffleInPlace(training, options.random);
    for (let from = 0; from < training.length; from += batchSize) {
      const rows = training.subarray(from, from + batchSize);
      if (!passed) setBatch(shape, workspace.activations[0], x, rows);
      const output = passed ? outputsOf(workspace) : forward(shape, parameters, workspace, rows.length);
      lossDerivative(shape, output, y, weights, rows, workspace.deltas[shape.sizes.length - 1]);
      backward(shape, parameters, workspace, rows.length, gradient);
      if (options.l2 > 0) addPull(gradient, parameters, anchor, mask, options.l2);
      adam.step(parameters, gradient, rate);
    }
    const mse = meanSquaredError(shape, parameters, x, y, weights, watched, workspace);
    passed = whole;
    options.onEpoch?.(epoch, mse);
    if (mse < bestMse * (1 - 1e-4)) stale = 0;
    else stale++;
    if (mse < bestMse) {
      bestMse = mse;
      best.set(parameters);
    }
    if (stale >= options.patience) {
      // Smaller steps from the best point so far, without the momentum of the steps that led nowhere.
      falls++;
      stale = 0;
      rate *= RATE_FALL;
      parameters.set(best);
      passed = false;
      adam = new Adam(parameters.length);
    }
  }
  return { parameters: best, epochs: epoch, converged: falls >= RATE_FALLS, validationMse: bestMse };
};

const addPull = (
  gradient: Float64Array,
  parameters: Float64Array,
  anchor: Float64Array | undefined,
  mask: Uint8Array,
  l2: number,
): void => {
  for (let k = 0; k < gradient.length; k++) {
    if (mask[k]) {
      gradient[k] = gradient[k] + l2 * (parameters[k] - (anchor ? anchor[k] : 0));
    }
  }
};

const shuffleInPlace = (rows: Uint32Array, random: RandomSource): void => {
  for (let i = rows.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const swap = rows[i];
    rows[i] = rows[j];
    rows[j] = swap;
  }
};

const setBatch = (shape: NetworkShape, input: Float64Array, x: Float64Array, rows: Uint32Array): void => {
  const width = shape.sizes[0];
  rows.forEach((row, b) => {
    for (let k = 0; k < width; k++) input[b * width + k] = x[row * width + k];
  });
};

/** Of half the weighted mean squared error over the batch. */
const lossDerivative = (
  shape: NetworkShape,
  output: Float64Array,
  y: Float64Array,
  weights: Float64Array | undefined,
  rows: Uint32Array,
  delta: Float64Array,
): void => {
  const width = shape.sizes[shape.sizes.length - 1];
  rows.forEach((row, b) => {
    const scale = (weights?.[row] ?? 1) / rows.length;
    for (let k = 0; k < width; k++) {
      delta[b * width + k] = scale * (output[b * width + k] - y[row * width + k]);
    }
  });
};

const meanSquaredError = (
  shape: NetworkShape,
  parameters: Float64Array,
  x: Float64Array,
  y: Float64Array,
  weights: Float64Array | undefined,
  rows: Uint32Array,
  workspace: Workspace,
): number => {
  const width = shape.sizes[shape.sizes.length - 1];
  let sum = 0;
  let total = 0;
  for (let from = 0; from < rows.length; from += workspace.capacity) {
    const batch = rows.subarray(from, from + workspace.capacity);
    setBatch(shape, workspace.activations[0], x, batch);
    const output = forward(shape, parameters, workspace, batch.length);
    batch.forEach((row, b) => {
      const weight = weights?.[row] ?? 1;
      total += weight;
      for (let k = 0; k < width; k++) {
        sum += weight * (output[b * width + k] - y[row * width + k]) ** 2;
      }
    });
  }
  return sum / (total * width);
};
