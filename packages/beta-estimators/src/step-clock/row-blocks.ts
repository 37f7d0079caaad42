import { type ReducedRows, reduceRows } from '@stepclock/nnls-solver';
import type { ClusterRows } from './clusters.js';

/** Contiguous blocks of whole clusters with about equal step counts: `[from, to)` row ranges. */
export const rowBlocks = (rows: ClusterRows, count: number): (readonly [number, number])[] => {
  let total = 0;
  for (let i = 0; i < rows.length; i++) total += rows.steps[i];
  const blocks: (readonly [number, number])[] = [];
  let from = 0;
  let sum = 0;
  for (let i = 0; i < rows.length; i++) {
    sum += rows.steps[i];
    const wanted = (total * (blocks.length + 1)) / count;
    if (sum >= wanted && blocks.length < count - 1) {
      blocks.push([from, i + 1]);
      from = i + 1;
    }
  }
  if (from < rows.length) blocks.push([from, rows.length]);
  return blocks;
};

/** A regression on each block, reduced once: any selection of blocks is then a matter of merging triangles. */
export const reducedBlocks = (
  columns: readonly Float64Array[],
  target: Float64Array,
  weights: Float64Array,
  blocks: readonly (readonly [number, number])[],
): ReducedRows[] => blocks.map((range) => reduceRows(columns, target, { weights, rows: range }));
