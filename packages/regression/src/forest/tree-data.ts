import { type Dataset, takeDatasetRows } from '../data/dataset.js';
import type { FeatureTable } from '../data/feature-table.js';
import { fault } from '../fault.js';
import { MAX_TREE_FEATURES } from './tree-codec.js';

/** The columns that trees can split on. @throws Fault `regression/bad-option` */
export const treeFeatures = (features: FeatureTable): readonly Float64Array[] => {
  const count = features.columns.length;
  if (!(count >= 1 && count <= MAX_TREE_FEATURES)) {
    const rule = `must be 1 to ${MAX_TREE_FEATURES} for trees`;
    throw fault('regression/bad-option', { what: 'features', rule, value: count });
  }
  return features.columns;
};

/** A tree would count a row of weight 0 towards `minLeaf`: such rows are left out. */
export const withoutZeroWeights = (data: Dataset): Dataset => {
  const { weights } = data;
  if (weights === undefined || weights.every((weight) => weight > 0)) return data;
  return takeDatasetRows(
    data,
    Int32Array.from(weights.keys()).filter((row) => weights[row] > 0),
  );
};
