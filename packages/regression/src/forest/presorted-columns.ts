/**
 * The rows of each column in ascending order of value, found once and shared by every tree: a tree then needs no sort of its own.
 * Equal values keep the order of the rows.
 *
 * @param columns one array a feature, all of the same length, finite
 * @returns one array of row numbers a feature
 */
export const sortedRows = (columns: readonly Float64Array[]): Int32Array[] =>
  columns.map((column) => {
    const order = Int32Array.from(column, (_, row) => row);
    return order.sort((a, b) => column[a] - column[b] || a - b);
  });

/**
 * The presorted order of the rows that one tree trains on, renumbered 0 .. m-1 in ascending order of row.
 *
 * @param order row numbers of all n rows, ascending by value
 * @param localRow for each of the n rows its new number, or -1 when the tree does not see it
 */
export const restrictOrder = (order: Int32Array, localRow: Int32Array, m: number): Int32Array => {
  const restricted = new Int32Array(m);
  let k = 0;
  for (let i = 0; i < order.length; i++) {
    const local = localRow[order[i]];
    if (local >= 0) restricted[k++] = local;
  }
  return restricted;
};
