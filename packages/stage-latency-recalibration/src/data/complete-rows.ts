import { listed } from '@stepclock/faults';
import { decimalNumber, type TidyTable } from '@stepclock/trace-io';
import { type StageWarning, stageFault } from '../stage-fault.js';
import { placeIn } from './joined-tables.js';

/** A named column of the file: what it means here, and where it stands. */
export interface Found {
  readonly name: string;
  readonly column: number;
}

export const isAllZero = (table: TidyTable, column: number, rows: readonly number[]): boolean =>
  rows.every((row) => decimalNumber(table.cell(row, column)) === 0);

/** A time that a stage can have: above 0, and within a double's range. */
const isTime = (ms: number): boolean => ms > 0 && Number.isFinite(ms);

/** What is wrong with the cells of one stage: "1 zero (line 9), 2 missing (lines 4, 5)". */
const faultsOf = (table: TidyTable, column: number, rows: readonly number[]): string => {
  const kinds = new Map<string, number[]>();
  for (const row of rows) {
    const text = table.cell(row, column).trim();
    const kind = text === '' ? 'missing' : decimalNumber(text) === 0 ? 'zero' : 'not a time above 0';
    const lines = kinds.get(kind);
    if (lines === undefined) kinds.set(kind, [table.line(row)]);
    else lines.push(table.line(row));
  }
  return [...kinds]
    .map(([kind, lines]) => `${lines.length} ${kind} (line${lines.length > 1 ? 's' : ''} ${listed(lines)})`)
    .join(', ');
};

/**
 * Rows where each stage is a number above 0; a stage that is 0 everywhere is judged by the caller.
 *
 * @throws Fault `stage/missing-stage` naming every stage at fault, `stage/no-rows`
 */
export const completeRows = (
  table: TidyTable,
  stages: readonly Found[],
  asked: readonly number[],
  incomplete: 'refuse' | 'drop',
  warnings: StageWarning[],
): number[] => {
  const faulty = stages
    .filter(({ column }) => !isAllZero(table, column, asked))
    .map((stage) => ({ ...stage, rows: asked.filter((row) => !isTime(decimalNumber(table.cell(row, stage.column)))) }))
    .filter(({ rows }) => rows.length > 0)
    .map((stage) => ({ ...stage, text: faultsOf(table, stage.column, stage.rows) }));
  const [first] = faulty;
  if (first !== undefined && incomplete === 'refuse') {
    const [row = 0] = first.rows;
    const others = faulty.slice(1).map(({ name, text }) => `; ${name}: ${text}`);
    throw stageFault('stage/missing-stage', {
      what: first.name,
      rule: 'must be a time above 0 ms in every row',
      value: table.cell(row, first.column).trim(),
      hint: `of ${asked.length} rows ${first.text}${others.join('')}; incomplete rows can be dropped`,
      ...placeIn(table, row),
      column: table.names[first.column],
    });
  }
  for (const { name, text } of faulty) {
    warnings.push({ code: 'missing-stage', message: `${name}: of ${asked.length} rows ${text}: left out` });
  }
  const left = new Set(faulty.flatMap(({ rows }) => rows));
  const rows = asked.filter((row) => !left.has(row));
  if (rows.length > 0) return rows;
  throw stageFault('stage/no-rows', {
    what: 'rows',
    rule: 'must be at least one with every stage',
    value: 0,
    file: table.file,
  });
};
