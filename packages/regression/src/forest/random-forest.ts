import * as v from 'valibot';
import type { Dataset } from '../data/dataset.js';
import { type FeatureTable, selectFeatures } from '../data/feature-table.js';
import { finitePredictions } from '../model/finite-predictions.js';
import type { FittedModel } from '../model/fitted-model.js';
import { headerSchema, modelHeader } from '../model/model-header.js';
import { wholeNumberFrom, wholeNumberOrInfinity } from '../model/option-checks.js';
import { type TrainingRange, trainingRangeOf } from '../model/training-range.js';
import { growForest } from './grow-forest.js';
import { decodeTrees, encodeTrees, treesSchema } from './tree-codec.js';
import { treeFeatures, withoutZeroWeights } from './tree-data.js';
import { addTreePredictions, type TreeNodes } from './tree-nodes.js';

/** Defaults are scikit-learn's `RandomForestRegressor`'s. */
export interface RandomForestOptions {
  /** At least 1, default 100. */
  readonly trees?: number;
  /** Splits above a leaf at most; default Infinity. */
  readonly maxDepth?: number;
  /** Distinct rows in a leaf at least; default 1. */
  readonly minLeaf?: number;
  /** Features tried per split, drawn anew at each; default all of them. */
  readonly featuresPerSplit?: number;
  /** Train each tree on n rows drawn with replacement; default true. */
  readonly bootstrap?: boolean;
  /** Default 0. */
  readonly seed?: number;
}

export interface RandomForestModel extends FittedModel<'forest'> {
  readonly trees: number;
  /** Share of the decrease of squared error by the splits on each feature, in the order of `featureNames`; sums to 1. */
  readonly importance: Float64Array;
}

export interface RandomForestFit {
  readonly model: RandomForestModel;
}

/**
 * Random forest: the mean of regression trees, each grown on a bootstrap sample by exact splits that minimise the squared error. Predictions never
 * leave the range of the training targets: outside the training hull (`outsideHull`) they are constant, so ask before you trust one.
 *
 * Rows are sorted by each feature once; a tree costs O(rows x features x depth). Row weights multiply the bootstrap counts.
 *
 * Reference: L. Breiman, "Random Forests", Machine Learning 45 (2001), doi:10.1023/A:1010933404324.
 *
 * @throws Fault `regression/bad-option`
 *
 * @example
 * const x = Float64Array.from({ length: 100 }, (_, i) => i);
 * const { model } = randomForest(dataset(featureTable(['x'], [x]), x.map((v) => (v < 50 ? 1 : 5))));
 * model.predict(featureTable(['x'], [Float64Array.of(10, 90)])) // => Float64Array [1, 5]
 */
export const randomForest = (data: Dataset, options: RandomForestOptions = {}): RandomForestFit => {
  const { features, target, weights } = withoutZeroWeights(data);
  const columns = treeFeatures(features);
  const grown = growForest(columns, target, weights, {
    trees: wholeNumberFrom(1, 'trees', options.trees ?? 100),
    maxDepth: wholeNumberOrInfinity(0, 'maxDepth', options.maxDepth ?? Number.POSITIVE_INFINITY),
    minLeaf: wholeNumberFrom(1, 'minLeaf', options.minLeaf ?? 1),
    featuresPerSplit: wholeNumberFrom(1, 'featuresPerSplit', options.featuresPerSplit ?? columns.length),
    bootstrap: options.bootstrap ?? true,
    seed: options.seed ?? 0,
  });
  return { model: forestModel(grown.nodes, grown.importance, trainingRangeOf(data.features, data.weights)) };
};

/** The JSON of a forest. */
export const forestSchema = v.object({ ...headerSchema('forest'), ...treesSchema });

/** A forest from its JSON. @throws Fault `regression/bad-model` where the nodes are no trees */
export const forestOf = (json: v.InferOutput<typeof forestSchema>): RandomForestModel => {
  const nodes = decodeTrees(json, json.training_range.features.length);
  return forestModel(nodes, Float64Array.from(json.importance), json.training_range);
};

const forestModel = (nodes: TreeNodes, importance: Float64Array, trainingRange: TrainingRange): RandomForestModel => {
  const featureNames = trainingRange.features.map(({ name }) => name);
  const trees = nodes.roots.length;
  return {
    kind: 'forest',
    featureNames,
    trainingRange,
    trees,
    importance,
    predict: (features: FeatureTable) => {
      const { columns, length } = selectFeatures(features, featureNames);
      const sums = new Float64Array(length);
      for (let tree = 0; tree < trees; tree++) addTreePredictions(nodes, tree, columns, 1, sums);
      return finitePredictions(sums.map((sum) => sum / trees));
    },
    toJSON: () => ({
      ...modelHeader('forest', trainingRange),
      ...encodeTrees(nodes, importance),
    }),
  };
};
