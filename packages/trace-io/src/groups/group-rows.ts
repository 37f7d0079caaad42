import { Fault } from '@stepclock/faults';
import { decimalNumber } from '../bytes/decimal-number.js';
import { type ByteSource, bytesOf, type Input, startsWithBom } from '../bytes/input.js';
import { linesOf, parsedLine } from '../json/json-lines.js';
import { DEFAULT_COLUMNS, type GroupColumn } from './group-columns.js';

/** A row of grouped requests, wherever it comes from. */
export interface GroupRow {
  readonly line: number;
  /** A field's text; null where it is null or the rows have no such column. */
  text(column: GroupColumn): string | null;
  /**
   * A field's number; NaN for null and for what is not there.
   *
   * @throws Fault `trace-io/bad-number`
   */
  number(column: GroupColumn): number;
}

/**
 * The number that a field's text says; NaN for null.
 *
 * @throws Fault `trace-io/bad-number`
 */
export const numberOf = (text: string | null, column: GroupColumn, file: string, line: number): number => {
  if (text === null) return Number.NaN;
  const value = decimalNumber(text);
  if (Number.isFinite(value)) return value;
  const rule = 'must be a finite number, or \\N for null';
  throw new Fault('trace-io/bad-number', { what: column, file, line, column, value: text, rule });
};

/** A row of fields in their order. */
class FieldsRow implements GroupRow {
  constructor(
    readonly line: number,
    private readonly fields: readonly (string | null)[],
    /** Where a column stands among the fields; the same for all rows. */
    private readonly placeOf: ReadonlyMap<GroupColumn, number>,
    private readonly file: string,
  ) {}

  text(column: GroupColumn): string | null {
    return this.fields[this.placeOf.get(column) ?? -1] ?? null;
  }

  number(column: GroupColumn): number {
    return numberOf(this.text(column), column, this.file, this.line);
  }
}

/** How a table's text says null: Hive's and ClickHouse's way. */
const NULL = '\\N';
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '\\': '\\' };
const BRACE = 0x7b;

/** `\t`, `\n`, `\r` and `\\` as ClickHouse writes them; any other backslash stands for itself. */
export const unescapedText = (field: string): string =>
  field.includes('\\') ? field.replace(/\\([tnr\\])/g, (_, letter: string) => ESCAPES[letter] ?? letter) : field;

export interface GroupRowsOptions {
  /** Columns, in the order of the fields. Default: {@link DEFAULT_COLUMNS}, with or without the last. */
  readonly columns?: readonly GroupColumn[] | undefined;
  /** Between fields, one character. Default: the tabulator. */
  readonly separator?: string | undefined;
}

/**
 * Rows of fields apart by a separator, or of JSON objects, one a line, told apart by the first byte.
 *
 * @throws Fault `trace-io/group-separator` for a first row of one field, `trace-io/group-fields` for a row of too many or too few,
 *   `trace-io/bad-group-field` for a JSON field that is no text and no number, `trace-io/not-utf8`, `trace-io/bad-json`
 */
export async function* groupRows(
  input: Input,
  { columns, separator = '\t' }: GroupRowsOptions,
): AsyncGenerator<GroupRow> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let names = columns;
  let placeOf: ReadonlyMap<GroupColumn, number> | undefined;
  let isJson: boolean | undefined;
  for await (const { line, bytes } of linesOf(input)) {
    const own = line === 1 && startsWithBom(bytes) ? bytes.subarray(3) : bytes;
    isJson ??= own[0] === BRACE;
    const text = isJson ? [] : decoded(own, decoder, input.file, line).split(separator);
    names ??= isJson ? DEFAULT_COLUMNS : columnsOfFirst(text.length, input, line, separator);
    placeOf ??= new Map(names.map((name, i) => [name, i]));
    if (isJson) {
      const fields = jsonFields(parsedLine(own, line, input.file, decoder), names, input, line);
      yield new FieldsRow(line, fields, placeOf, input.file);
      continue;
    }
    if (text.length !== names.length) {
      const rule = `must have ${names.length} fields`;
      const hint = 'a separator or a line end inside a value, or another number of columns';
      throw new Fault('trace-io/group-fields', { what: 'row', file: input.file, line, rule, value: text.length, hint });
    }
    const fields = text.map((field) => (field === NULL ? null : unescapedText(field)));
    yield new FieldsRow(line, fields, placeOf, input.file);
  }
}

/**
 * The lines of a text, blank ones left out, with their numbers.
 *
 * @throws Fault `trace-io/not-utf8`, `trace-io/line-too-long`
 */
export async function* textLines(source: ByteSource, file: string): AsyncGenerator<{ line: number; text: string }> {
  const input: Input = { source: bytesOf(source), file, onProgress: () => {} };
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const { line, bytes } of linesOf(input)) {
    yield { line, text: decoded(line === 1 && startsWithBom(bytes) ? bytes.subarray(3) : bytes, decoder, file, line) };
  }
}

const decoded = (bytes: Uint8Array, decoder: TextDecoder, file: string, line: number): string => {
  try {
    return decoder.decode(bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes);
  } catch {
    throw new Fault('trace-io/not-utf8', { what: 'encoding', file, line, rule: 'must be valid UTF-8 text' });
  }
};

const shownSeparator = (separator: string): string => (separator === '\t' ? 'a tabulator' : JSON.stringify(separator));

/** Columns that nobody named: all of them, or all but the last. */
const columnsOfFirst = (length: number, { file }: Input, line: number, separator: string): readonly GroupColumn[] => {
  if (length === DEFAULT_COLUMNS.length) return DEFAULT_COLUMNS;
  if (length === DEFAULT_COLUMNS.length - 1) return DEFAULT_COLUMNS.slice(0, -1);
  const rule = `must have the fields ${DEFAULT_COLUMNS.slice(0, -1).join(', ')}[, ${DEFAULT_COLUMNS.at(-1)}], apart by ${shownSeparator(separator)}`;
  if (length > 1)
    throw new Fault('trace-io/group-fields', { what: 'row', file, line, rule, value: `${length} fields` });
  // Spark's own separator is \u0001: without the clause it sends every row as one field.
  const hint =
    "in Spark the statement lacks ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' NULL DEFINED AS '\\\\N' before USING";
  throw new Fault('trace-io/group-separator', { what: 'first row', file, line, rule, value: 'one field', hint });
};

/** The fields of an object: texts and numbers; what it has not is null. */
const jsonFields = (
  object: Readonly<Record<string, unknown>>,
  names: readonly GroupColumn[],
  { file }: Input,
  line: number,
): readonly (string | null)[] =>
  names.map((name) => {
    const value = Object.hasOwn(object, name) ? object[name] : null;
    if (value === null) return null;
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    const rule = 'must be a text, a number or null';
    throw new Fault('trace-io/bad-group-field', { what: name, file, line, column: name, rule, value });
  });
