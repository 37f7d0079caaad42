import { seededRandom } from '@stepclock/numerics';
import { growTree } from './grow-tree.js';
import { restrictOrder, sortedRows } from './presorted-columns.js';
import { type TreeNodes, TreeNodesBuilder } from './tree-nodes.js';

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

  for (let tree = 0; tree < options.trees; tree++) {
    const random = seededRandom(options.seed, `forest tree ${tree}`);
    if (options.bootstrap) drawWithReplacement(multiplicity, random);
    else multiplicity.fill(1);
    let m = 0;
    for (let row = 0; row < n; row++) localRow[row] = multiplicity[row] > 0 ? m++ : -1;
    const inside = new Int32Array(m);
    for (let row = 0; row < n; row++) if (localRow[row] >= 0) inside[localRow[row]] = row;
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
  }

  return { nodes: builder.finish(), importance: normalised(importance) };
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
