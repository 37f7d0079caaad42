import type { TidyTable } from '@stepclock/trace-io';
import { listed, StageError } from '../stage-error.js';

/**
 * Row numbers that pass every `column=value` condition (several values: `gpu=A100|H100`; text compared without case, numbers by value).
 *
 * @throws StageError `stage/bad-filter` for a condition without `=`, an unknown column, or a value that no row has (with those that some have)
 */
export const filteredRows = (table: TidyTable, conditions: readonly string[]): number[] => {
  let rows = Array.from({ length: table.length }, (_, i) => i);
  for (const condition of conditions) {
    const at = condition.indexOf('=');
    if (at < 1) {
      throw new StageError('stage/bad-filter', `filter: must be column=value; got ${JSON.stringify(condition)}`, {
        file: table.file,
        value: condition,
      });
    }
    const name = condition.slice(0, at).trim();
    const wanted = condition.slice(at + 1).split('|');
    const column = table.names.indexOf(name);
    if (column < 0) {
      throw new StageError('stage/bad-filter', `filter: must name a column (${listed(table.names, 12)}); got ${name}`, {
        file: table.file,
        value: name,
      });
    }
    const passes = (cell: string) =>
      wanted.some(
        (value) =>
          cell.toLowerCase() === value.toLowerCase() || (value !== '' && cell !== '' && Number(cell) === Number(value)),
      );
    const left = rows.filter((row) => passes(table.cell(row, column)));
    if (left.length === 0) {
      const seen = [...new Set(rows.map((row) => table.cell(row, column)))].sort();
      throw new StageError(
        'stage/bad-filter',
        `filter ${name}: must be a value that rows have (${listed(seen)}); got ${wanted.join('|')}`,
        { file: table.file, column: name, value: wanted.join('|'), expected: listed(seen) },
      );
    }
    rows = left;
  }
  return rows;
};
