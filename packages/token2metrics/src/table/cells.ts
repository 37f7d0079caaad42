import { listed } from '@stepclock/faults';
import { decimalNumber } from '@stepclock/trace-io';
import { fault } from '../fault.js';
import type { Finding } from '../quality/finding.js';
import type { Metric } from './metric.js';
import type { Sheet } from './sheet.js';

/** How tables write that there is no value. */
const ABSENT = new Set(['', 'nan', 'na', 'n/a', 'null', 'none']);
/** What a spreadsheet writes where a formula failed. */
const SPREADSHEET_ERROR = /^#(DIV\/0!|N\/A|NAME\?|NULL!|NUM!|REF!|VALUE!)$/i;

/** NaN where the cell is empty or holds a spreadsheet's error. */
export const numberAt = (sheet: Sheet, row: number, column: number): number => {
  const text = sheet.cell(row, column).trim();
  if (ABSENT.has(text.toLowerCase()) || SPREADSHEET_ERROR.test(text)) return Number.NaN;
  const value = decimalNumber(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw fault('bad-number', {
    what: sheet.names[column] ?? 'cell',
    rule: 'must be a number of at least 0',
    value: text,
    file: sheet.file,
    line: sheet.line(row),
  });
};

/** A token count: 1e9 at most, which no request has. */
export const tokensAt = (sheet: Sheet, row: number, column: number, least: number): number => {
  const value = numberAt(sheet, row, column);
  if (Number.isSafeInteger(value) && value >= least && value <= 1e9) return value;
  throw fault('bad-tokens', {
    what: sheet.names[column] ?? 'cell',
    rule: `must be a whole number from ${least} to 1e9`,
    value: sheet.cell(row, column),
    file: sheet.file,
    line: sheet.line(row),
  });
};

/** Names the cells of a measured column that are blank or hold a spreadsheet's error; a column that is blank throughout was not measured at all. */
export const emptyCells = (sheet: Sheet, rows: readonly number[], column: number, metric: Metric): Finding[] => {
  const texts = rows.map((row) => sheet.cell(row, column).trim());
  const where = (test: (text: string) => boolean) => texts.flatMap((text, k) => (test(text) ? [k] : []));
  const name = sheet.names[column] ?? metric;
  const found = (code: 'blank-cells' | 'error-cells', numbers: readonly number[], what: string): Finding[] =>
    numbers.length === 0 || numbers.length === texts.length
      ? []
      : [
          {
            code,
            metric,
            count: numbers.length,
            rows: Int32Array.from(numbers),
            message: `${numbers.length} of ${texts.length} cells of ${name} ${what} (line ${listed(
              numbers.map((k) => sheet.line(rows[k])),
              3,
            )}): these rows are left out of the ${metric} model`,
            droppable: false,
          },
        ];
  const errors = where((text) => SPREADSHEET_ERROR.test(text));
  // Blank power and energy have findings of their own.
  const blank = metric === 'energy' || metric === 'power' ? [] : where((text) => ABSENT.has(text.toLowerCase()));
  return [
    // The workbook's reader gives nothing for a formula's error.
    ...found('blank-cells', blank, sheet.title === undefined ? 'are blank' : "are blank or hold a formula's error"),
    ...found('error-cells', errors, `hold a spreadsheet's error, ${texts[errors[0]]}`),
  ];
};
