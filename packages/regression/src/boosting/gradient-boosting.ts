import { finite, positive } from '@stepclock/model-file';
import * as v from 'valibot';
import type { Dataset } from '../data/dataset.js';
import { type FeatureTable, selectFeatures } from '../data/feature-table.js';
import { decodeTrees, encodeTrees, treesSchema } from '../forest/tree-codec.js';
import { treeFeatures, withoutZeroWeights } from '../forest/tree-data.js';
import { addTreePredictions } from '../forest/tree-nodes.js';
import { finitePredictions } from '../model/finite-predictions.js';
import type { FittedModel } from '../model/fitted-model.js';
import { headerSchema, modelHeader } from '../model/model-header.js';
import { above, wholeNumberFrom, wholeNumberOrInfinity } from '../model/option-checks.js';
import { type TrainingRange, trainingRangeOf } from '../model/training-range.js';
import { type BoostedTrees, growBoostedTrees } from './grow-boosted-trees.js';

/** Defaults are scikit-learn's `GradientBoostingRegressor`'s. */
export interface GradientBoostingOptions {
  /** At least 1, default 100. */
  readonly trees?: number;
  /** How much of each tree's correction is taken: above 0, default 0.1. */
  readonly learningRate?: number;
  /** Splits above a leaf at most; default 3. */
  readonly maxDepth?: number;
  /** Rows in a leaf at least; default 1. */
  readonly minLeaf?: number;
  /** Features tried per split; default all of them. */
  readonly featuresPerSplit?: number;
  /** Draws features, and breaks ties between splits. Default 0. */
  readonly seed?: number;
}

export interface GradientBoostingModel extends FittedModel<'boosting'> {
  readonly trees: number;
  /** Share of the decrease of squared error by the splits on each feature, in the order of `featureNames`; sums to 1. */
  readonly importance: Float64Array;
}

export interface GradientBoostingFit {
  readonly model: GradientBoostingModel;
}

/**
 * Gradient boosting with squared error: shallow trees, each fitted to what the sum of those before it leaves over. Like every tree, constant outside
 * the training hull.
 *
 * Reference: J. H. Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29 (2001),
 * doi:10.1214/aos/1013203451.
 *
 * @throws Fault `regression/bad-option`
 */
export const gradientBoosting = (data: Dataset, options: GradientBoostingOptions = {}): GradientBoostingFit => {
  const { features, target, weights } = withoutZeroWeights(data);
  const columns = treeFeatures(features);
  const learningRate = above(0, 'learningRate', options.learningRate ?? 0.1);
  const boosted = growBoostedTrees(columns, target, weights, {
    trees: wholeNumberFrom(1, 'trees', options.trees ?? 100),
    learningRate,
    maxDepth: wholeNumberOrInfinity(1, 'maxDepth', options.maxDepth ?? 3),
    minLeaf: wholeNumberFrom(1, 'minLeaf', options.minLeaf ?? 1),
    featuresPerSplit: wholeNumberFrom(1, 'featuresPerSplit', options.featuresPerSplit ?? columns.length),
    seed: options.seed ?? 0,
  });
  return { model: boostingModel(boosted, learningRate, trainingRangeOf(data.features, data.weights)) };
};

/** The JSON of boosted trees. */
export const boostingSchema = v.object({
  ...headerSchema('boosting'),
  start: finite,
  learning_rate: positive,
  ...treesSchema,
});

/** Boosted trees from their JSON. @throws Fault `regression/bad-model` where the nodes are no trees */
export const boostingOf = (json: v.InferOutput<typeof boostingSchema>): GradientBoostingModel => {
  const nodes = decodeTrees(json, json.training_range.features.length);
  const boosted = { start: json.start, importance: Float64Array.from(json.importance), nodes };
  return boostingModel(boosted, json.learning_rate, json.training_range);
};

const boostingModel = (
  { start, nodes, importance }: BoostedTrees,
  learningRate: number,
  trainingRange: TrainingRange,
): GradientBoostingModel => {
  const featureNames = trainingRange.features.map(({ name }) => name);
  const trees = nodes.roots.length;
  return {
    kind: 'boosting',
    featureNames,
    trainingRange,
    trees,
    importance,
    predict: (features: FeatureTable) => {
      const { columns, length } = selectFeatures(features, featureNames);
      const sums = new Float64Array(length).fill(start);
      for (let tree = 0; tree < trees; tree++) addTreePredictions(nodes, tree, columns, learningRate, sums);
      return finitePredictions(sums);
    },
    toJSON: () => ({
      ...modelHeader('boosting', trainingRange),
      start,
      learning_rate: learningRate,
      ...encodeTrees(nodes, importance),
    }),
  };
};
