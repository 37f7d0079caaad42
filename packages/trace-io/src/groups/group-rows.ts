import { Fault } from '@stepclock/faults';
import { decimalNumber } from '../bytes/decimal-number.js';
import { type ByteSource, bytesOf, type Input, startsWithBom } from '../bytes/input.js';
import { linesOf } from '../json/json-lines.js';
import { DEFAULT_COLUMNS, type GroupColumn } from './group-columns.js';

/** A row's fields as text, null where it has none. */
export interface GroupRow {
  readonly line: number;
  readonly fields: ReadonlyMap<GroupColumn, string | null>;
}

/** How a table's text says null: Hive's and ClickHouse's way. */
const NULL = '\\N';
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '\\': '\\' };
const BRACE = 0x7b;

/** `\t`, `\n`, `\r` and `\\` as ClickHouse writes them; any other backslash stands for itself. */
const unescaped = (field: string): string =>
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
 *   `trace-io/not-utf8`, `trace-io/bad-json`
 */
export async function* groupRows(
  input: Input,
  { columns, separator = '\t' }: GroupRowsOptions,
): AsyncGenerator<GroupRow> {
  let names = columns;
  let isJson: boolean | undefined;
  for await (const { line, text } of textLines(input.source, input.file)) {
    isJson ??= text.charCodeAt(0) === BRACE;
    if (isJson) {
      yield { line, fields: jsonFields(text, columns ?? DEFAULT_COLUMNS, input, line) };
      continue;
    }
    const fields = text.split(separator);
    names ??= columnsOfFirst(fields.length, input, line, separator);
    if (fields.length !== names.length) {
      const rule = `must have ${names.length} fields`;
      const hint = 'a separator or a line end inside a value, or another number of columns';
      throw new Fault('trace-io/group-fields', {
        what: 'row',
        file: input.file,
        line,
        rule,
        value: fields.length,
        hint,
      });
    }
    yield {
      line,
      fields: new Map(names.map((name, i) => [name, fields[i] === NULL ? null : unescaped(fields[i])] as const)),
    };
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
    yield { line, text: decoded(line === 1 && startsWithBom(bytes) ? bytes.subarray(3) : bytes, decoder, input, line) };
  }
}

const decoded = (bytes: Uint8Array, decoder: TextDecoder, { file }: Input, line: number): string => {
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

const jsonFields = (
  text: string,
  names: readonly GroupColumn[],
  { file }: Input,
  line: number,
): ReadonlyMap<GroupColumn, string | null> => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  if (json === null || typeof json !== 'object' || Array.isArray(json)) {
    throw new Fault('trace-io/bad-json', { what: 'line', file, line, rule: 'must be one JSON object', value: text });
  }
  const held = new Map<string, unknown>(Object.entries(json));
  return new Map(
    names.flatMap((name) => {
      const value = held.get(name);
      return value === undefined ? [] : [[name, value === null ? null : String(value)] as const];
    }),
  );
};

/**
 * A field's number; NaN for null and for what is not there.
 *
 * @throws Fault `trace-io/bad-number`
 */
export const numberIn = ({ fields, line }: GroupRow, column: GroupColumn, file: string): number => {
  const text = fields.get(column) ?? null;
  if (text === null) return Number.NaN;
  const value = decimalNumber(text);
  if (Number.isFinite(value)) return value;
  const rule = 'must be a finite number, or \\N for null';
  throw new Fault('trace-io/bad-number', { what: column, file, line, column, value: text, rule });
};
