import { meanOf, seededRandom, shuffled } from '@stepclock/numerics';
import { normalised } from '../forest/grow-forest.js';
import { growTree } from '../forest/grow-tree.js';
import { restrictOrder, sortedRows } from '../forest/presorted-columns.js';
import { addTreePredictions, type TreeNodes, TreeNodesBuilder } from '../forest/tree-nodes.js';

export interface BoostingGrowthOptions {
  readonly trees: number;
  readonly learningRate: number;
  readonly maxDepth: number;
  readonly minLeaf: number;
  readonly featuresPerSplit: number;
  /** Share of the rows that each tree trains on, drawn without replacement; 1 takes all of them. */
  readonly subsample: number;
  readonly seed: number;
}

export interface BoostedTrees {
  /** The mean of the target, where boosting starts. */
  readonly start: number;
  readonly nodes: TreeNodes;
  readonly importance: Float64Array;
  /** Root mean squared error on the training rows after each tree. */
  readonly trainingRmse: Float64Array;
}

/** Least-squares gradient boosting: each tree fits what is left over (Friedman 2001, "Greedy function approximation", doi:10.1214/aos/1013203451). */
export const growBoostedTrees = (
  columns: readonly Float64Array[],
  y: Float64Array,
  weights: Float64Array | undefined,
  options: BoostingGrowthOptions,
): BoostedTrees => {
  const n = y.length;
  const start = meanOf(y, weights);
  const residual = y.map((value) => value - start);
  const allOrders = sortedRows(columns);
  const builder = new TreeNodesBuilder();
  const importance = new Float64Array(columns.length);
  const trainingRmse = new Float64Array(options.trees);
  const m = Math.max(1, Math.round(options.subsample * n));
  const random = seededRandom(options.seed, 'boosting');
  const fitted = new Float64Array(n);

  for (let tree = 0; tree < options.trees; tree++) {
    if (m === n) {
      const rows = { columns, y: residual, weights, orders: allOrders.map((order) => order.slice()) };
      growTree(rows, { ...options, random }, builder, importance, fitted);
      subtract(residual, fitted, options.learningRate);
    } else {
      const inside = shuffled(n, random).slice(0, m).sort();
      const localRow = new Int32Array(n).fill(-1);
      inside.forEach((row, local) => {
        localRow[row] = local;
      });
      const gather = (from: Float64Array) => Float64Array.from(inside, (row) => from[row]);
      const rows = {
        columns: columns.map(gather),
        y: gather(residual),
        weights: weights && gather(weights),
        orders: allOrders.map((order) => restrictOrder(order, localRow, m)),
      };
      growTree(rows, { ...options, random }, builder, importance);
      // Rows that this tree did not see follow it too.
      fitted.fill(0);
      addTreePredictions(builder.peek(), tree, columns, 1, fitted);
      subtract(residual, fitted, options.learningRate);
    }
    trainingRmse[tree] = Math.sqrt(
      meanOf(
        residual.map((r) => r * r),
        weights,
      ),
    );
  }
  return { start, nodes: builder.finish(), importance: normalised(importance), trainingRmse };
};

const subtract = (residual: Float64Array, fitted: Float64Array, rate: number): void => {
  for (let i = 0; i < residual.length; i++) residual[i] = residual[i] - rate * fitted[i];
};
