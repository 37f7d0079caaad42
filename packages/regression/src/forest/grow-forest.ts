import { seededRandom } from '@stepclock/numerics';
import { growTree } from './grow-tree.js';
import { restrictOrder, sortedRows } from './presorted-columns.js';
import { addTreePredictions, type TreeNodes, TreeNodesBuilder } from './tree-nodes.js';

export interface ForestGrowthOptions {
  readonly trees: number;
  readonly maxDepth: number;
  readonly minLeaf: number;
  readonly featuresPerSplit: number;
  readonly bootstrap: boolean;
  readonly seed: number;
}

export interface GrownForest {
  readonly nodes: TreeNodes;
  /** Share of the decrease of squared error by the splits on each feature, averaged over the trees; sums to 1 unless nothing was split. */
  readonly importance: Float64Array;
  /** For each row the mean over the trees that did not train on it; undefined for a row that every tree saw, or without bootstrap. */
  readonly outOfBag: readonly (number | undefined)[] | undefined;
}

/** Trees on bootstrap samples of the rows (Breiman 2001, "Random Forests", doi:10.1023/A:1010933404324). */
export const growForest = (
  columns: readonly Float64Array[],
  y: Float64Array,
  weights: Float64Array | undefined,
  options: ForestGrowthOptions,
): GrownForest => {
  const n = y.length;
  const allOrders = sortedRows(columns);
  const builder = new TreeNodesBuilder();
  const importance = new Float64Array(columns.length);
  const multiplicity = new Int32Array(n);
  const localRow = new Int32Array(n);
  const outside: Int32Array[] = [];

  for (let tree = 0; tree < options.trees; tree++) {
    const random = seededRandom(options.seed, `forest tree ${tree}`);
    if (options.bootstrap) drawWithReplacement(multiplicity, random);
    else multiplicity.fill(1);
    let m = 0;
    for (let row = 0; row < n; row++) localRow[row] = multiplicity[row] > 0 ? m++ : -1;
    const inside = new Int32Array(m);
    const absent = new Int32Array(n - m);
    for (let row = 0, a = 0; row < n; row++) {
      const local = localRow[row];
      if (local >= 0) inside[local] = row;
      else absent[a++] = row;
    }
    const gather = (from: ArrayLike<number>) => Float64Array.from(inside, (row) => from[row]);
    const gains = new Float64Array(columns.length);
    growTree(
      {
        columns: columns.map(gather),
        y: gather(y),
        weights: Float64Array.from(inside, (row) => multiplicity[row] * (weights?.[row] ?? 1)),
        orders: allOrders.map((order) => restrictOrder(order, localRow, m)),
      },
      { ...options, random },
      builder,
      gains,
    );
    addShares(gains, importance);
    outside.push(absent);
  }

  const nodes = builder.finish();
  return {
    nodes,
    importance: normalised(importance),
    outOfBag: options.bootstrap ? outOfBagMeans(nodes, columns, outside) : undefined,
  };
};

const drawWithReplacement = (multiplicity: Int32Array, random: () => number): void => {
  const n = multiplicity.length;
  multiplicity.fill(0);
  for (let i = 0; i < n; i++) {
    const row = Math.floor(random() * n);
    multiplicity[row] = multiplicity[row] + 1;
  }
};

/** Each tree has one vote on the importance, however much it could explain. */
const addShares = (gains: Float64Array, importance: Float64Array): void => {
  const total = gains.reduce((sum, gain) => sum + gain, 0);
  if (total > 0)
    gains.forEach((gain, f) => {
      importance[f] = importance[f] + gain / total;
    });
};

/** Scaled to sum to 1; all zero stays all zero. */
export const normalised = (importance: Float64Array): Float64Array => {
  const total = importance.reduce((sum, share) => sum + share, 0);
  return total > 0 ? importance.map((share) => share / total) : importance;
};

const outOfBagMeans = (nodes: TreeNodes, columns: readonly Float64Array[], outside: readonly Int32Array[]) => {
  const n = columns[0].length;
  const sums = new Float64Array(n);
  const votes = new Int32Array(n);
  outside.forEach((rows, tree) => {
    addTreePredictions(nodes, tree, columns, 1, sums, rows);
    for (const row of rows) votes[row] = votes[row] + 1;
  });
  return Array.from(sums, (sum, row) => (votes[row] > 0 ? sum / votes[row] : undefined));
};
