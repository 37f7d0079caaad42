import { meanOf, seededRandom } from '@stepclock/numerics';
import { normalised } from '../forest/grow-forest.js';
import { growTree } from '../forest/grow-tree.js';
import { sortedRows } from '../forest/presorted-columns.js';
import { type TreeNodes, TreeNodesBuilder } from '../forest/tree-nodes.js';

export interface BoostingGrowthOptions {
  readonly trees: number;
  readonly learningRate: number;
  readonly maxDepth: number;
  readonly minLeaf: number;
  readonly featuresPerSplit: number;
  readonly seed: number;
}

export interface BoostedTrees {
  /** The mean of the target, where boosting starts. */
  readonly start: number;
  readonly nodes: TreeNodes;
  readonly importance: Float64Array;
}

/** Least-squares gradient boosting: each tree fits what is left over (Friedman 2001, "Greedy function approximation", doi:10.1214/aos/1013203451). */
export const growBoostedTrees = (
  columns: readonly Float64Array[],
  y: Float64Array,
  weights: Float64Array | undefined,
  options: BoostingGrowthOptions,
): BoostedTrees => {
  const start = meanOf(y, weights);
  const residual = y.map((value) => value - start);
  const allOrders = sortedRows(columns);
  const builder = new TreeNodesBuilder();
  const importance = new Float64Array(columns.length);
  const random = seededRandom(options.seed, 'boosting');
  const fitted = new Float64Array(y.length);
  for (let tree = 0; tree < options.trees; tree++) {
    const rows = { columns, y: residual, weights, orders: allOrders.map((order) => order.slice()) };
    growTree(rows, { ...options, random }, builder, importance, fitted);
    for (let i = 0; i < residual.length; i++) residual[i] -= options.learningRate * fitted[i];
  }
  return { start, nodes: builder.finish(), importance: normalised(importance) };
};
