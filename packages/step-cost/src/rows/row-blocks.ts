import type { RowTable } from './row-table.js';

/** A range of rows: `[from, to)`. */
export type RowRange = readonly [from: number, to: number];

/** Contiguous blocks of rows with about equal numbers of steps; fewer than `count` where a row is longer than a block should be. */
export const rowBlocks = (
  { length, steps }: Pick<RowTable, 'length' | 'steps'>,
  count: number,
): readonly RowRange[] => {
  let total = 0;
  for (let i = 0; i < length; i++) total += steps[i];
  const blocks: RowRange[] = [];
  let from = 0;
  let sum = 0;
  for (let i = 0; i < length; i++) {
    sum += steps[i];
    const wanted = (total * (blocks.length + 1)) / count;
    if (sum >= wanted && blocks.length < count - 1) {
      blocks.push([from, i + 1]);
      from = i + 1;
    }
  }
  if (from < length) blocks.push([from, length]);
  return blocks;
};
