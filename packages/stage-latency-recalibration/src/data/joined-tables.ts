import type { TidyTable } from '@stepclock/trace-io';

/** Tables one below the other. */
export interface JoinedTable extends TidyTable {
  /** Name of the file that a row came from. */
  fileOf(row: number): string;
}

/**
 * Several files as one table: its columns are those of all of them, a cell that a file has no column for is empty.
 *
 * @param tables at least one
 */
export const joinedTables = (tables: readonly TidyTable[]): JoinedTable => {
  const [first] = tables;
  const names = [...new Set(tables.flatMap((table) => table.names))];
  const columns = tables.map((table) => names.map((name) => table.names.indexOf(name)));
  const part: number[] = [];
  const within: number[] = [];
  tables.forEach((table, t) => {
    for (let row = 0; row < table.length; row++) {
      part.push(t);
      within.push(row);
    }
  });
  return {
    file: tables.length === 1 ? first.file : `${first.file} and ${tables.length - 1} more`,
    length: part.length,
    names,
    cell: (row, column) => {
      const at = columns[part[row]][column];
      return at < 0 ? '' : tables[part[row]].cell(within[row], at);
    },
    line: (row) => tables[part[row]].line(within[row]),
    fileOf: (row) => tables[part[row]].file,
  };
};

/** Where a row stands. */
export const placeIn = (
  table: TidyTable | JoinedTable,
  row: number,
): { readonly file: string; readonly line: number } => ({
  file: 'fileOf' in table ? table.fileOf(row) : table.file,
  line: table.line(row),
});
