import type { RandomSource } from '@stepclock/numerics';
import { type MatrixView, multiply } from './matrix-product.js';

export const ACTIVATIONS = ['relu', 'tanh'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

/**
 * A fully connected network. All parameters live in one vector: for each layer first its weights, row by row (one row per unit of the
 * layer, one column per unit below), then its biases. The last layer is linear.
 */
export interface NetworkShape {
  /** Units per layer, inputs first, outputs last: [4, 64, 32, 1]. */
  readonly sizes: readonly number[];
  readonly activation: Activation;
}

interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weightsAt: number;
  readonly biasesAt: number;
}

const layersOf = (shape: NetworkShape): Layer[] => {
  const layers: Layer[] = [];
  let at = 0;
  for (let l = 1; l < shape.sizes.length; l++) {
    const inputs = shape.sizes[l - 1];
    const outputs = shape.sizes[l];
    layers.push({ inputs, outputs, weightsAt: at, biasesAt: at + inputs * outputs });
    at += inputs * outputs + outputs;
  }
  return layers;
};

export const parameterCount = (shape: NetworkShape): number =>
  layersOf(shape).reduce((sum, layer) => sum + (layer.inputs + 1) * layer.outputs, 0);

/** 1 for a weight, 0 for a bias: only weights are shrunk. */
export const weightMask = (shape: NetworkShape): Uint8Array => {
  const mask = new Uint8Array(parameterCount(shape));
  for (const layer of layersOf(shape)) mask.fill(1, layer.weightsAt, layer.biasesAt);
  return mask;
};

/**
 * Uniform starts that keep the variance through the layers, forwards and backwards (Glorot and Bengio 2010), for both activations. Biases start
 * at zero for tanh; for relu they come from the weights' range: at zero every kink of the first layer would pass through the mean of the
 * inputs, and the network would start as a straight line along every ray from it. The wider starts for relu of He et al. (2015) are for
 * deep networks: here, fine-tuned on a few rows, they end a fifth worse.
 */
export const initialParameters = (shape: NetworkShape, random: RandomSource): Float64Array => {
  const parameters = new Float64Array(parameterCount(shape));
  for (const { inputs, outputs, weightsAt, biasesAt } of layersOf(shape)) {
    const bound = Math.sqrt(6 / (inputs + outputs));
    const drawn = shape.activation === 'relu' ? biasesAt + outputs : biasesAt;
    for (let k = weightsAt; k < drawn; k++) parameters[k] = bound * (2 * random() - 1);
  }
  return parameters;
};

/** Activations of every layer for up to `capacity` rows, row by row; reused from batch to batch. */
export interface Workspace {
  readonly capacity: number;
  readonly activations: readonly Float64Array[];
  readonly deltas: readonly Float64Array[];
}

export const makeWorkspace = (shape: NetworkShape, capacity: number): Workspace => {
  const buffers = () => shape.sizes.map((size) => new Float64Array(size * capacity));
  return { capacity, activations: buffers(), deltas: buffers() };
};

/** Fills the activations from `workspace.activations[0]`, which the caller has set for `rows` rows; returns the outputs. */
export const forward = (
  shape: NetworkShape,
  parameters: Float64Array,
  workspace: Workspace,
  rows: number,
): Float64Array => {
  const layers = layersOf(shape);
  layers.forEach((layer, l) => {
    const { outputs } = layer;
    const here = workspace.activations[l + 1];
    const below = rowMajor(workspace.activations[l], layer.inputs);
    multiply(here, 0, below, rowMajor(parameters, layer.inputs, layer.weightsAt), rows, outputs, layer.inputs);
    addBiases(here, parameters, layer.biasesAt, rows, outputs);
    if (l + 1 < layers.length) activate(shape.activation, here, rows * outputs);
  });
  return outputsOf(workspace);
};

/** What the last pass forward gave. */
export const outputsOf = ({ activations }: Workspace): Float64Array => activations[activations.length - 1];

const addBiases = (values: Float64Array, parameters: Float64Array, at: number, rows: number, width: number): void => {
  for (let row = 0, k = 0; row < rows; row++) {
    for (let unit = 0; unit < width; unit++, k++) values[k] = values[k] + parameters[at + unit];
  }
};

const activate = (activation: Activation, values: Float64Array, count: number): void => {
  if (activation === 'relu') {
    // max(0, x) without a branch that goes either way half the time (Math.max has one, and takes four times as long); x + |x| would overflow.
    for (let k = 0; k < count; k++) values[k] = values[k] / 2 + Math.abs(values[k]) / 2;
  } else {
    for (let k = 0; k < count; k++) values[k] = Math.tanh(values[k]);
  }
};

const rowMajor = (values: Float64Array, columns: number, at = 0): MatrixView => ({
  values,
  at,
  rowStep: columns,
  columnStep: 1,
});

const transposed = (values: Float64Array, columns: number, at = 0): MatrixView => ({
  values,
  at,
  rowStep: 1,
  columnStep: columns,
});

/**
 * Back-propagation. The caller has run `forward` and set the last entry of `workspace.deltas` to the derivative of the loss by each output;
 * the derivatives by the parameters are written over `gradient`.
 */
export const backward = (
  shape: NetworkShape,
  parameters: Float64Array,
  workspace: Workspace,
  rows: number,
  gradient: Float64Array,
): void => {
  const layers = layersOf(shape);
  for (let l = layers.length - 1; l >= 0; l--) {
    const { inputs, outputs, weightsAt, biasesAt } = layers[l];
    const below = workspace.activations[l];
    const delta = workspace.deltas[l + 1];
    multiply(gradient, weightsAt, transposed(delta, outputs), transposed(below, inputs), outputs, inputs, rows);
    gradient.fill(0, biasesAt, biasesAt + outputs);
    for (let row = 0; row < rows; row++) {
      for (let unit = 0; unit < outputs; unit++) {
        gradient[biasesAt + unit] = gradient[biasesAt + unit] + delta[row * outputs + unit];
      }
    }
    if (l === 0) break;
    const deltaBelow = workspace.deltas[l];
    multiply(deltaBelow, 0, rowMajor(delta, outputs), transposed(parameters, inputs, weightsAt), rows, inputs, outputs);
    chainActivation(shape.activation, below, deltaBelow, rows * inputs);
  }
};

const SMALLEST_NORMAL = 2 ** -1022;

const chainActivation = (activation: Activation, values: Float64Array, delta: Float64Array, count: number): void => {
  if (activation === 'relu') {
    // 1 above 0 and 0 at 0, again without a branch.
    for (let k = 0; k < count; k++) {
      const value = values[k];
      delta[k] = delta[k] * (value / (value + SMALLEST_NORMAL));
    }
  } else {
    for (let k = 0; k < count; k++) delta[k] = delta[k] * (1 - values[k] ** 2);
  }
};
