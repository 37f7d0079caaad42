import type { GroupColumn } from './group-columns.js';
import { type GroupRow, numberOf } from './group-rows.js';
import { groupOf, type RequestGroup } from './read-groups.js';

/** Values of a column: numbers, NaN for null, or texts. */
export type GroupValues = Float64Array | readonly (string | null)[];

/** The rows of one engine by columns, as a database hands them over; typed arrays go to another thread as they are. */
export interface GroupedColumns {
  readonly name: string;
  /** Number of the first row among all rows, from 1. */
  readonly firstRow: number;
  readonly length: number;
  readonly columns: Readonly<Partial<Record<GroupColumn, GroupValues>>>;
}

class ColumnsRow implements GroupRow {
  constructor(
    readonly line: number,
    private readonly row: number,
    private readonly columns: GroupedColumns['columns'],
    private readonly file: string,
  ) {}

  text(column: GroupColumn): string | null {
    const value = this.columns[column]?.[this.row] ?? null;
    if (typeof value !== 'number') return value;
    return Number.isNaN(value) ? null : String(value);
  }

  number(column: GroupColumn): number {
    const value = this.columns[column]?.[this.row] ?? null;
    return typeof value === 'number' ? value : numberOf(value, column, this.file, this.line);
  }
}

function* rowsOf({ firstRow, length, columns }: GroupedColumns, file: string): Generator<GroupRow> {
  for (let i = 0; i < length; i++) yield new ColumnsRow(firstRow + i, i, columns, file);
}

/**
 * The requests of one engine out of columns: what {@link readGroups} makes of the same rows as text.
 *
 * @param file for messages
 * @throws Fault `trace-io/unsorted-group`
 */
export const groupOfColumns = (grouped: GroupedColumns, file: string): RequestGroup =>
  groupOf(grouped.name, rowsOf(grouped, file), file);
