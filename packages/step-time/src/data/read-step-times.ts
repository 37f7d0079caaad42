import { didYouMean, listed } from '@stepclock/faults';
import { decimalNumber, rowsWhere, type TidyTable } from '@stepclock/trace-io';
import { stepTimeFault } from '../fault.js';
import { BATCH_SIZE, KNOWN_FURTHER_FEATURES, SEQUENCE_LENGTH, type StepTimes } from './step-times.js';

export interface ReadStepTimesOptions {
  /** Further features to read by name; each must be a numeric column. Known ones are read anyway where they are whole. */
  readonly features?: readonly string[];
  /** Keep the rows that meet all of these: `gpu=RTX4090`. */
  readonly filter?: readonly string[];
}

/** The mean context of a step, under the names in use; the first that is there counts. */
const SEQUENCE_COLUMNS = ['avg_seq_len', 'sequence_length'] as const;
const STEP_TIME = 'step_time';

const columnOf = (table: TidyTable, name: string, what = name): number => {
  const column = table.names.indexOf(name);
  if (column >= 0) return column;
  throw stepTimeFault('step-time/missing-column', {
    what,
    rule: 'must be a column',
    file: table.file,
    hint: [didYouMean(name, table.names).hint ?? [], `the columns are ${listed(table.names, 12)}`].flat().join(' '),
  });
};

/** Values of one column; the caller says what it takes. */
const numbersOf = (
  table: TidyTable,
  rows: Uint32Array,
  column: number,
  rule: { readonly must: string; readonly accepts: (value: number) => boolean },
): Float64Array =>
  Float64Array.from(rows, (row) => {
    const text = table.cell(row, column);
    const value = decimalNumber(text);
    if (!rule.accepts(value)) {
      const name = table.names[column];
      throw stepTimeFault('step-time/bad-number', {
        what: name,
        rule: `must be ${rule.must}`,
        value: text,
        file: table.file,
        line: table.line(row),
        column: name,
      });
    }
    return value;
  });

const POSITIVE = { must: 'a number above 0', accepts: (x: number) => x > 0 && x < Number.POSITIVE_INFINITY };
const FINITE = { must: 'a finite number', accepts: Number.isFinite };

/** A known further feature is offered only where every row has it. */
const isNumeric = (table: TidyTable, rows: Uint32Array, column: number): boolean =>
  rows.every((row) => Number.isFinite(decimalNumber(table.cell(row, column))));

/** Columns of text with two to twenty values: hardware, models, configurations; identifiers have more. */
const mixedColumns = (table: TidyTable, rows: Uint32Array): { column: string; values: string[] }[] =>
  table.names.flatMap((name, column) => {
    const values = new Set<string>();
    for (const row of rows) {
      const text = table.cell(row, column);
      if (text === '' || !Number.isNaN(decimalNumber(text))) return [];
      values.add(text);
      if (values.size > 20) return [];
    }
    return values.size > 1 ? [{ column: name, values: [...values].sort() }] : [];
  });

const sequenceColumn = (table: TidyTable, rows: Uint32Array): number => {
  const present = SEQUENCE_COLUMNS.filter((name) => table.names.includes(name));
  const [first, second] = present;
  if (first === undefined) return columnOf(table, SEQUENCE_COLUMNS[0], 'avg_seq_len (or sequence_length)');
  if (second !== undefined) {
    const [a, b] = [columnOf(table, first), columnOf(table, second)];
    const differs = rows.find((row) => decimalNumber(table.cell(row, a)) !== decimalNumber(table.cell(row, b)));
    if (differs !== undefined) {
      throw stepTimeFault('step-time/ambiguous-column', {
        what: `${first}, ${second}`,
        rule: 'must agree where both are given',
        value: `${table.cell(differs, a)} and ${table.cell(differs, b)}`,
        file: table.file,
        line: table.line(differs),
        column: second,
      });
    }
  }
  return columnOf(table, first);
};

/**
 * Measured steps from a tidy table: `batch_size`, `avg_seq_len` or `sequence_length` (tokens), `step_time` (seconds), and further features by
 * name.
 *
 * @throws Fault `step-time/missing-column`, `step-time/bad-number` (with the line), `step-time/ambiguous-column`
 * @throws Fault `trace-io/bad-filter`
 */
export const readStepTimes = (table: TidyTable, options: ReadStepTimesOptions = {}): StepTimes => {
  const { features = [], filter = [] } = options;
  const rows = rowsWhere(table, filter);
  const batchSize = numbersOf(table, rows, columnOf(table, BATCH_SIZE), POSITIVE);
  const sequenceLength = numbersOf(table, rows, sequenceColumn(table, rows), POSITIVE);
  const stepTimeSec = numbersOf(table, rows, columnOf(table, STEP_TIME), POSITIVE);
  const further = new Map<string, Float64Array>();
  for (const name of features) {
    if (name === BATCH_SIZE || name === SEQUENCE_LENGTH || name === STEP_TIME || name === SEQUENCE_COLUMNS[0]) {
      throw stepTimeFault('step-time/bad-option', {
        what: 'features',
        rule: "must be beyond the model's own",
        value: name,
      });
    }
    further.set(name, numbersOf(table, rows, columnOf(table, name), FINITE));
  }
  for (const name of Object.keys(KNOWN_FURTHER_FEATURES)) {
    const column = table.names.indexOf(name);
    if (column < 0 || further.has(name) || !isNumeric(table, rows, column)) continue;
    further.set(name, numbersOf(table, rows, column, FINITE));
  }
  return {
    length: rows.length,
    batchSize,
    sequenceLength,
    stepTimeSec,
    further,
    lines: rows.map((row) => table.line(row)),
    mixed: mixedColumns(table, rows),
  };
};
