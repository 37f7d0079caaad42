import type { RandomSource } from '@stepclock/random';

export type Activation = 'relu' | 'tanh';

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
    const inputs = shape.sizes[l - 1] as number;
    const outputs = shape.sizes[l] as number;
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

/** Uniform starts that keep the variance through the layers (Glorot and Bengio 2010; He et al. 2015 for relu); biases zero. */
export const initialParameters = (shape: NetworkShape, random: RandomSource): Float64Array => {
  const parameters = new Float64Array(parameterCount(shape));
  for (const { inputs, outputs, weightsAt, biasesAt } of layersOf(shape)) {
    const bound = Math.sqrt(shape.activation === 'relu' ? 6 / inputs : 6 / (inputs + outputs));
    for (let k = weightsAt; k < biasesAt; k++) parameters[k] = bound * (2 * random() - 1);
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

/** Four running sums: one alone would wait for each addition to finish before the next. */
const dot = (a: Float64Array, aFrom: number, b: Float64Array, bFrom: number, length: number): number => {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 3 < length; k += 4) {
    s0 += (a[aFrom + k] as number) * (b[bFrom + k] as number);
    s1 += (a[aFrom + k + 1] as number) * (b[bFrom + k + 1] as number);
    s2 += (a[aFrom + k + 2] as number) * (b[bFrom + k + 2] as number);
    s3 += (a[aFrom + k + 3] as number) * (b[bFrom + k + 3] as number);
  }
  for (; k < length; k++) s0 += (a[aFrom + k] as number) * (b[bFrom + k] as number);
  return s0 + s1 + (s2 + s3);
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
    const { inputs, outputs, weightsAt, biasesAt } = layer;
    const below = workspace.activations[l] as Float64Array;
    const here = workspace.activations[l + 1] as Float64Array;
    const hidden = l + 1 < layers.length;
    const relu = shape.activation === 'relu';
    for (let row = 0; row < rows; row++) {
      const from = row * inputs;
      for (let unit = 0; unit < outputs; unit++) {
        const w = weightsAt + unit * inputs;
        const sum = (parameters[biasesAt + unit] as number) + dot(parameters, w, below, from, inputs);
        here[row * outputs + unit] = hidden ? (relu ? Math.max(0, sum) : Math.tanh(sum)) : sum;
      }
    }
  });
  return workspace.activations[layers.length] as Float64Array;
};

/**
 * `to += sum_m scales[m * scaleStride] x row_m` over `count` neighbouring rows of length `length`, four rows a pass: `to` is then read and
 * written a quarter as often.
 */
const addCombination = (
  to: Float64Array,
  toAt: number,
  scales: Float64Array,
  scaleAt: number,
  scaleStride: number,
  rows: Float64Array,
  rowsAt: number,
  count: number,
  length: number,
): void => {
  let m = 0;
  for (; m + 3 < count; m += 4) {
    const s = scaleAt + m * scaleStride;
    const a = scales[s] as number;
    const b = scales[s + scaleStride] as number;
    const c = scales[s + 2 * scaleStride] as number;
    const d = scales[s + 3 * scaleStride] as number;
    const r = rowsAt + m * length;
    for (let k = 0; k < length; k++) {
      to[toAt + k] =
        (to[toAt + k] as number) +
        (a * (rows[r + k] as number) + b * (rows[r + length + k] as number)) +
        (c * (rows[r + 2 * length + k] as number) + d * (rows[r + 3 * length + k] as number));
    }
  }
  for (; m < count; m++) {
    const a = scales[scaleAt + m * scaleStride] as number;
    const r = rowsAt + m * length;
    for (let k = 0; k < length; k++) to[toAt + k] = (to[toAt + k] as number) + a * (rows[r + k] as number);
  }
};

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
  gradient.fill(0);
  for (let l = layers.length - 1; l >= 0; l--) {
    const { inputs, outputs, weightsAt, biasesAt } = layers[l] as Layer;
    const below = workspace.activations[l] as Float64Array;
    const delta = workspace.deltas[l + 1] as Float64Array;
    const deltaBelow = workspace.deltas[l] as Float64Array;
    for (let unit = 0; unit < outputs; unit++) {
      addCombination(gradient, weightsAt + unit * inputs, delta, unit, outputs, below, 0, rows, inputs);
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += delta[row * outputs + unit] as number;
      gradient[biasesAt + unit] = sum;
    }
    if (l === 0) break;
    deltaBelow.fill(0, 0, rows * inputs);
    for (let row = 0; row < rows; row++) {
      addCombination(deltaBelow, row * inputs, delta, row * outputs, 1, parameters, weightsAt, outputs, inputs);
    }
    chainActivation(shape.activation, below, deltaBelow, rows * inputs);
  }
};

const chainActivation = (activation: Activation, values: Float64Array, delta: Float64Array, count: number): void => {
  if (activation === 'relu') {
    for (let k = 0; k < count; k++) if ((values[k] as number) <= 0) delta[k] = 0;
  } else {
    for (let k = 0; k < count; k++) delta[k] = (delta[k] as number) * (1 - (values[k] as number) ** 2);
  }
};
