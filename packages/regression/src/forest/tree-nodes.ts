/**
 * Regression trees laid end to end in flat arrays, each in preorder: the left child of a split at node i is node i + 1.
 *
 * - `feature[i]`: the feature compared at a split, -1 at a leaf
 * - `value[i]`: the threshold of a split (`x <= threshold` goes left), the prediction of a leaf
 * - `right[i]`: the node number of the right child of a split, 0 at a leaf
 * - `roots[t]`: where tree t starts
 */
export interface TreeNodes {
  readonly feature: Int16Array;
  readonly value: Float64Array;
  readonly right: Int32Array;
  readonly roots: Int32Array;
}

/** Collects nodes in preorder; the arrays double when they are full. */
export class TreeNodesBuilder {
  #feature = new Int16Array(1024);
  #value = new Float64Array(1024);
  #right = new Int32Array(1024);
  #length = 0;
  readonly #roots: number[] = [];

  startTree(): void {
    this.#roots.push(this.#length);
  }

  /** Adds a node and returns its number. */
  add(feature: number, value: number): number {
    if (this.#length === this.#feature.length) this.#grow();
    const node = this.#length++;
    this.#feature[node] = feature;
    this.#value[node] = value;
    return node;
  }

  setRight(parent: number, child: number): void {
    this.#right[parent] = child;
  }

  finish(): TreeNodes {
    return {
      feature: this.#feature.slice(0, this.#length),
      value: this.#value.slice(0, this.#length),
      right: this.#right.slice(0, this.#length),
      roots: Int32Array.from(this.#roots),
    };
  }

  #grow(): void {
    const capacity = 2 * this.#feature.length;
    const feature = new Int16Array(capacity);
    feature.set(this.#feature);
    this.#feature = feature;
    const value = new Float64Array(capacity);
    value.set(this.#value);
    this.#value = value;
    const right = new Int32Array(capacity);
    right.set(this.#right);
    this.#right = right;
  }
}

/** Adds `scale` times what tree `tree` says of each row to `sums`. */
export const addTreePredictions = (
  nodes: TreeNodes,
  tree: number,
  columns: readonly Float64Array[],
  scale: number,
  sums: Float64Array,
): void => {
  const { feature, value, right } = nodes;
  const root = nodes.roots[tree];
  for (let row = 0; row < sums.length; row++) {
    let node = root;
    let f = feature[node];
    while (f >= 0) {
      const x = columns[f][row];
      node = x <= value[node] ? node + 1 : right[node];
      f = feature[node];
    }
    sums[row] = sums[row] + scale * value[node];
  }
};
