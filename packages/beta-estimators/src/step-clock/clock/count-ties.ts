/** What the counts say about the clock: nodes whose distance in steps is known form components. */
export interface CountTies {
  /** Of each node: its component, numbered by first node. */
  readonly component: Int32Array;
  /** Of each node: `K(node) - x[component]`, steps. The first node of a component has 0. */
  readonly offset: Float64Array;
  readonly components: number;
  /** Counts that close a cycle, and how many of them contradict the counts that they close it with. */
  readonly cycles: number;
  readonly disagreeing: number;
}

/** Counts as columns: `K(to_i) - K(from_i) = steps_i` where `counted_i` is 1. */
export interface Counts {
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly steps: Float64Array;
  readonly counted: Uint8Array;
}

/** Ties nodes by counts: a union-find whose links carry offsets. */
export const countTies = (nodes: number, kinds: readonly Counts[]): CountTies => {
  const parent = Int32Array.from({ length: nodes }, (_, i) => i);
  const toParent = new Float64Array(nodes);
  const trail: number[] = [];
  /** Root of a node; afterwards `toParent[node]` is its offset to the root. */
  const find = (node: number): number => {
    let at = node;
    trail.length = 0;
    while (parent[at] !== at) {
      trail.push(at);
      at = parent[at];
    }
    for (let i = trail.length - 2; i >= 0; i--) {
      const below = trail[i];
      toParent[below] = toParent[below] + toParent[trail[i + 1]];
      parent[below] = at;
    }
    return at;
  };

  let cycles = 0;
  let disagreeing = 0;
  const tie = (a: number, b: number, steps: number): void => {
    const rootA = find(a);
    const rootB = find(b);
    // K(b) - K(a) = steps, with K(node) = K(root) + toParent[node].
    const gap = toParent[a] + steps - toParent[b];
    if (rootA === rootB) {
      cycles++;
      if (gap !== 0) disagreeing++;
    } else if (rootA < rootB) {
      // The root is the earlier node, so that trees grow along time and path compression keeps them shallow.
      parent[rootB] = rootA;
      toParent[rootB] = gap;
    } else {
      parent[rootA] = rootB;
      toParent[rootA] = -gap;
    }
  };
  for (const { from, to, steps, counted } of kinds) {
    for (let i = 0; i < from.length; i++) {
      if (counted[i] === 1) tie(from[i], to[i], steps[i]);
    }
  }

  const component = new Int32Array(nodes);
  const offset = new Float64Array(nodes);
  let components = 0;
  for (let v = 0; v < nodes; v++) {
    const root = find(v);
    component[v] = root === v ? components++ : component[root];
    offset[v] = toParent[v];
  }
  return { component, offset, components, cycles, disagreeing };
};
