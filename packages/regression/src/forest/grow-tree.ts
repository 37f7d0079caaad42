import type { RandomSource } from '@stepclock/numerics';
import type { TreeNodesBuilder } from './tree-nodes.js';

export interface TreeGrowthOptions {
  /** Splits above a leaf at most; Infinity grows until nothing is left to split. */
  readonly maxDepth: number;
  /** Distinct rows in a leaf at least. */
  readonly minLeaf: number;
  /** Features looked at per split, drawn anew at each; the number of features for all of them. */
  readonly featuresPerSplit: number;
  readonly random: RandomSource;
}

export interface TreeTrainingRows {
  /** One array a feature over the tree's own rows 0 .. m-1. */
  readonly columns: readonly Float64Array[];
  readonly y: Float64Array;
  /** How often each row counts (bootstrap multiplicity), or undefined when each counts once. */
  readonly weights: Float64Array | undefined;
  /** The rows by ascending value of each feature. Destroyed: growing partitions these arrays in place. */
  readonly orders: readonly Int32Array[];
}

interface PendingNode {
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  /** The split whose right child this is, -1 for roots and left children (which follow their parent). */
  readonly rightOf: number;
}

/**
 * Grows one regression tree by exact greedy splits that minimise the squared error within the two sides: the best threshold between any two
 * neighbouring values of any feature, `x <= threshold` to the left. The rows stay sorted by every feature through stable partitions, so
 * a level costs O(rows x features).
 *
 * @param importance receives per feature the decrease of the weighted sum of squares by its splits
 * @param fitted receives the leaf's value for each row
 */
export const growTree = (
  rows: TreeTrainingRows,
  options: TreeGrowthOptions,
  nodes: TreeNodesBuilder,
  importance: Float64Array,
  fitted?: Float64Array,
): void => {
  const { columns, y, orders } = rows;
  const m = y.length;
  const featureCount = columns.length;
  const weights = rows.weights ?? new Float64Array(m).fill(1);
  // Sums are of deviations from the mean: a large common offset would drown the differences between splits.
  const mean = weightedMean(y, weights);
  const weightedY = Float64Array.from(y, (value, i) => (value - mean) * weights[i]);
  const goesLeft = new Uint8Array(m);
  const spare = new Int32Array(m);
  const features = Int32Array.from(columns, (_, f) => f);
  const best = { gain: 0, feature: -1, position: 0 };
  const pending: PendingNode[] = [{ start: 0, end: m, depth: 0, rightOf: -1 }];

  nodes.startTree();
  for (let task = pending.pop(); task; task = pending.pop()) {
    const { start, end, depth } = task;
    const anyOrder = orders[0];
    let weight = 0;
    let sum = 0;
    let low = Infinity;
    let high = -Infinity;
    for (let k = start; k < end; k++) {
      const row = anyOrder[k];
      const target = y[row];
      weight += weights[row];
      sum += weightedY[row];
      if (target < low) low = target;
      if (target > high) high = target;
    }
    best.feature = -1;
    if (depth < options.maxDepth && end - start >= 2 * options.minLeaf && low < high) {
      bestSplit(rows, weights, weightedY, { start, end, weight, sum }, features, options, best);
    }

    if (best.feature < 0) {
      // A leaf of equal targets repeats them exactly.
      const value = low === high ? low : mean + sum / weight;
      const leaf = nodes.add(-1, value);
      if (task.rightOf >= 0) nodes.setRight(task.rightOf, leaf);
      if (fitted) for (let k = start; k < end; k++) fitted[anyOrder[k]] = value;
      continue;
    }

    const { feature, position } = best;
    const column = columns[feature];
    const order = orders[feature];
    const split = nodes.add(feature, midpoint(column[order[position - 1]], column[order[position]]));
    if (task.rightOf >= 0) nodes.setRight(task.rightOf, split);
    importance[feature] = importance[feature] + best.gain;

    for (let k = start; k < position; k++) goesLeft[order[k]] = 1;
    for (let k = position; k < end; k++) goesLeft[order[k]] = 0;
    for (let f = 0; f < featureCount; f++) {
      if (f !== feature) partition(orders[f], goesLeft, spare, start, end);
    }
    pending.push({ start: position, end, depth: depth + 1, rightOf: split });
    pending.push({ start, end: position, depth: depth + 1, rightOf: -1 });
  }
};

const weightedMean = (y: Float64Array, weights: Float64Array): number => {
  let sum = 0;
  let weight = 0;
  for (let i = 0; i < y.length; i++) {
    sum += y[i] * weights[i];
    weight += weights[i];
  }
  return sum / weight;
};

/** Between two neighbouring values, never equal to the upper one (their mean can round up to it). */
const midpoint = (lower: number, upper: number): number => {
  const middle = lower / 2 + upper / 2;
  return middle < upper && middle >= lower ? middle : lower;
};

/** Stable: both sides keep their order. */
const partition = (order: Int32Array, goesLeft: Uint8Array, spare: Int32Array, start: number, end: number): void => {
  let left = start;
  let right = 0;
  for (let k = start; k < end; k++) {
    const row = order[k];
    // Both stores always happen and only one counter moves: no branch to mispredict.
    const isLeft = goesLeft[row];
    order[left] = row;
    spare[right] = row;
    left += isLeft;
    right += 1 - isLeft;
  }
  for (let k = 0; k < right; k++) order[left + k] = spare[k];
};

/** Gains closer than this are a tie, which the random order of the features breaks, never the rounding of sums in another order. */
const TIE = 1 + 1e-9;

/** Leaves in `best` the split with the largest decrease of the sum of squares, feature -1 when no feature can be split. */
const bestSplit = (
  { columns, orders }: TreeTrainingRows,
  weights: Float64Array,
  weightedY: Float64Array,
  node: { readonly start: number; readonly end: number; readonly weight: number; readonly sum: number },
  features: Int32Array,
  options: TreeGrowthOptions,
  best: { gain: number; feature: number; position: number },
): void => {
  const { start, end, weight } = node;
  const mean = node.sum / weight;
  const count = columns.length;
  const first = start + options.minLeaf;
  const last = end - options.minLeaf;
  let score = -1;
  // Constant features do not use up the draw: a node is a leaf only when no feature at all can split it.
  for (let drawn = 0, usable = 0; drawn < count && usable < options.featuresPerSplit; drawn++) {
    const feature = drawNext(features, drawn, options.random);
    const column = columns[feature];
    const order = orders[feature];
    let next = column[order[start]];
    if (!(next < column[order[end - 1]])) continue;
    usable++;
    let left = 0;
    let leftSum = 0;
    for (let k = start + 1; k <= last; k++) {
      const row = order[k - 1];
      const x = next;
      left += weights[row];
      leftSum += weightedY[row];
      next = column[order[k]];
      if (x === next || k < first) continue;
      // W_left W_right / W (mean_left - mean_right)^2, but for the factor W that all splits of the node share.
      const deviation = leftSum - left * mean;
      const candidate = (deviation * deviation) / (left * (weight - left));
      if (candidate > score * TIE) {
        score = candidate;
        best.feature = feature;
        best.position = k;
      }
    }
  }
  best.gain = Math.max(0, score * weight);
};

/** One step of a Fisher-Yates shuffle: a feature that was not drawn before at this node. */
const drawNext = (features: Int32Array, drawn: number, random: RandomSource): number => {
  const left = features.length - drawn;
  const pick = left > 1 ? drawn + Math.floor(random() * left) : drawn;
  const feature = features[pick];
  features[pick] = features[drawn];
  features[drawn] = feature;
  return feature;
};
