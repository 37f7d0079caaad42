import { didYouMean, Fault } from '@stepclock/faults';
import { decimalNumber } from '../bytes/decimal-number.js';
import type { TidyTable } from './tidy-table.js';

const MOST_LISTED = 12;

/**
 * Numbers of the rows that meet every condition `column=value`, in the table's order. Text is compared without case, numbers by value;
 * `gpu=A100|H100` takes either.
 *
 * @throws Fault `trace-io/bad-filter` for a condition without `=`, a column that is not there, or a value that no row has (naming those
 *   that some have)
 * @example
 * rowsWhere(table, ['gpu=A100', 'batch=8']);
 */
export const rowsWhere = (table: TidyTable, conditions: readonly string[]): Uint32Array => {
  let rows: Uint32Array = Uint32Array.from({ length: table.length }, (_, row) => row);
  for (const condition of conditions) rows = narrowed(table, rows, condition);
  return rows;
};

const narrowed = (table: TidyTable, rows: Uint32Array, condition: string): Uint32Array => {
  const { file } = table;
  const at = condition.indexOf('=');
  const name = condition.slice(0, at).trim();
  if (at < 0 || name === '') {
    throw new Fault('trace-io/bad-filter', { what: 'filter', file, value: condition, rule: 'must be column=value' });
  }
  const column = table.names.indexOf(name);
  if (column < 0) {
    throw new Fault('trace-io/bad-filter', {
      what: 'filter',
      file,
      value: name,
      rule: `must be the name of a column (${listed(table.names)})`,
      ...didYouMean(name, table.names),
    });
  }
  const wanted = condition.slice(at + 1);
  const meets = (cell: string): boolean =>
    isSame(cell, wanted) || wanted.split('|').some((value) => isSame(cell, value));
  const left = rows.filter((row) => meets(table.cell(row, column)));
  if (left.length > 0) return left;
  const seen = new Set<string>();
  for (const row of rows) seen.add(table.cell(row, column));
  throw new Fault('trace-io/bad-filter', {
    what: `filter ${name}`,
    file,
    column: name,
    value: wanted,
    rule: `must be a value that rows have (${listed([...seen].sort())})`,
  });
};

const isSame = (cell: string, value: string): boolean =>
  cell.toLowerCase() === value.toLowerCase() || decimalNumber(cell) === decimalNumber(value);

const listed = (texts: readonly string[]): string =>
  texts.slice(0, MOST_LISTED).join(', ') + (texts.length > MOST_LISTED ? `, ${texts.length - MOST_LISTED} more` : '');
