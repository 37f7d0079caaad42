import { type Column, extentOf } from '../column.js';

/** A rectangle of the plot and the number of rows in it. Bounds in data units. */
interface Cell {
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
  readonly count: number;
}

/** What is drawn of a scatter: every row, or cells with counts and the most extreme rows on top. */
export type ReducedScatter =
  | { readonly kind: 'points'; readonly rows: Uint32Array }
  | { readonly kind: 'cells'; readonly cells: readonly Cell[]; readonly tails: Uint32Array };

export interface ScatterReduction {
  readonly xLog?: boolean;
  readonly yLog?: boolean;
  /** Up to so many rows are all drawn. Default 1500. */
  readonly maxPoints?: number;
  /** Columns and rows of cells. Default 64 x 44. */
  readonly grid?: readonly [number, number];
  /** So many of the most extreme rows are drawn singly. Default 150. */
  readonly tails?: number;
  /** How extreme a row is; default its distance from the middle of the y range. */
  readonly extremity?: (row: number) => number;
}

/** Rows of the `count` largest keys, by a bounded heap: linear in the rows. Ties go to the earlier row. */
export const largestRows = (rows: number, count: number, keyOf: (row: number) => number): Uint32Array => {
  const heapKeys: number[] = [];
  const heapRows: number[] = [];
  const less = (a: number, b: number): boolean => {
    const difference = heapKeys[a] - heapKeys[b];
    return difference === 0 ? heapRows[a] > heapRows[b] : difference < 0;
  };
  const swap = (a: number, b: number): void => {
    [heapKeys[a], heapKeys[b]] = [heapKeys[b], heapKeys[a]];
    [heapRows[a], heapRows[b]] = [heapRows[b], heapRows[a]];
  };
  const sink = (): void => {
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      if (left >= heapKeys.length) return;
      const child = left + 1 < heapKeys.length && less(left + 1, left) ? left + 1 : left;
      if (!less(child, at)) return;
      swap(at, child);
      at = child;
    }
  };
  const rise = (): void => {
    for (let at = heapKeys.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!less(at, parent)) return;
      swap(at, parent);
      at = parent;
    }
  };
  for (let row = 0; row < rows; row++) {
    const key = keyOf(row);
    if (heapKeys.length < count) {
      heapKeys.push(key);
      heapRows.push(row);
      rise();
    } else if (count > 0 && key > heapKeys[0]) {
      heapKeys[0] = key;
      heapRows[0] = row;
      sink();
    }
  }
  return Uint32Array.from(heapRows).sort();
};

/** A cut of a range into equal cells, on a linear or a log scale. */
export const cellsOf = (
  [low, high]: readonly [number, number],
  cells: number,
  log: boolean,
): { readonly indexOf: (value: number) => number; readonly edge: (index: number) => number } => {
  const from = log ? Math.log(low) : low;
  const width = ((log ? Math.log(high) : high) - from) / cells || 1;
  return {
    indexOf: (value) => Math.min(cells - 1, Math.max(0, Math.floor(((log ? Math.log(value) : value) - from) / width))),
    edge: (index) => (log ? Math.exp(from + width * index) : from + width * index),
  };
};

/**
 * Reduces a scatter to what a picture can show. Up to `maxPoints` rows stay as they are. More rows are counted in a grid of
 * cells over their whole range, and the `tails` most extreme rows are kept as points, so that outliers stay visible.
 */
export const reduceScatter = (x: Column, y: Column, options: ScatterReduction = {}): ReducedScatter => {
  const { maxPoints = 1500, grid = [64, 44], tails = 150, xLog = false, yLog = false } = options;
  const rows = x.length;
  if (rows <= maxPoints) return { kind: 'points', rows: Uint32Array.from({ length: rows }, (_, i) => i) };
  const [columns, lines] = grid;
  const across = cellsOf(extentOf(x), columns, xLog);
  const yExtent = extentOf(y);
  const down = cellsOf(yExtent, lines, yLog);
  const counts = new Float64Array(columns * lines);
  for (let i = 0; i < rows; i++) {
    const at = across.indexOf(x[i]) + columns * down.indexOf(y[i]);
    counts[at] = counts[at] + 1;
  }
  const cells: Cell[] = [];
  counts.forEach((count, at) => {
    if (count === 0) return;
    const i = at % columns;
    const j = (at - i) / columns;
    cells.push({ x0: across.edge(i), x1: across.edge(i + 1), y0: down.edge(j), y1: down.edge(j + 1), count });
  });
  const middle = (yExtent[0] + yExtent[1]) / 2;
  const extremity = options.extremity ?? ((row: number) => Math.abs(y[row] - middle));
  return { kind: 'cells', cells, tails: largestRows(rows, tails, extremity) };
};
