import { chartsFault } from './charts-fault.js';

/** One value a row: a typed array or a plain array. */
export type Column = ArrayLike<number>;

/** Place of the first value that is NaN or infinite; -1 without any. */
const firstOdd = (column: Column): number => {
  for (let i = 0; i < column.length; i++) if (!Number.isFinite(column[i])) return i;
  return -1;
};

/** The same loops for the usual kind of column by itself: an engine that meets one kind only runs them many times faster. */
const firstOddDouble = (column: Float64Array): number => {
  for (let i = 0; i < column.length; i++) if (!Number.isFinite(column[i])) return i;
  return -1;
};

/** @throws Fault `charts/not-finite` at the first value that is NaN or infinite. */
export const requireFinite = (name: string, column: Column): void => {
  const at = column instanceof Float64Array ? firstOddDouble(column) : firstOdd(column);
  if (at >= 0) throw chartsFault('charts/not-finite', `${name}[${at}]`, 'must be finite', column[at]);
};

/** @throws Fault `charts/length-mismatch` unless all columns have as many rows as the first. */
const requireSameLength = (columns: Readonly<Record<string, Column>>): number => {
  const entries = Object.entries(columns);
  const length = entries[0]?.[1].length ?? 0;
  for (const [name, column] of entries) {
    if (column.length !== length) {
      throw chartsFault(
        'charts/length-mismatch',
        name,
        `must have as many rows as ${entries[0]?.[0]} (${length})`,
        column.length,
      );
    }
  }
  return length;
};

/** @throws Fault `charts/empty` for a column or list without rows. */
export const requireRows = (name: string, rows: { readonly length: number }): void => {
  if (rows.length === 0) throw chartsFault('charts/empty', name, 'must have at least one row', 0);
};

/** Equal lengths, at least one row, all finite: what every chart asks of its columns. Returns the number of rows. */
export const requireColumns = (columns: Readonly<Record<string, Column>>): number => {
  const length = requireSameLength(columns);
  for (const [name, column] of Object.entries(columns)) {
    requireRows(name, column);
    requireFinite(name, column);
  }
  return length;
};

const extentOfDoubles = (column: Float64Array): readonly [number, number] => {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < column.length; i++) {
    const value = column[i];
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
};

/** Smallest and largest value of all columns together. */
export const extentOf = (...columns: readonly Column[]): readonly [number, number] => {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const column of columns) {
    const [least, most] = extentOfDoubles(column instanceof Float64Array ? column : Float64Array.from(column));
    if (least < low) low = least;
    if (most > high) high = most;
  }
  return [low, high];
};
