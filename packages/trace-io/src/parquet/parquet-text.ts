import { Fault } from '@stepclock/faults';
import type { ColumnData, FileMetaData, ParquetParsers, RowGroup } from 'hyparquet';
import { ByteBuffer } from '../bytes/byte-buffer.js';
import { type ByteLimits, byteCounter, withinLimits } from '../bytes/byte-limits.js';
import type { Input } from '../bytes/input.js';
import { WINDOW_COLUMN } from '../formats/steps/step-windows.js';

const MAGIC = [0x50, 0x41, 0x52, 0x31];
/** Characters that are handed on at a time. */
const CHUNK_CHARACTERS = 2 ** 20;
/** Longer texts (prompts, answers) are left out: no format needs one, and a dictionary of few bytes may name it in millions of rows. */
const LONGEST_TEXT = 1024;
/** But windows of steps, a line of JSON each. */
const LONGEST_WINDOW = 2 ** 20;
/** A trace has some dozens; the library's work grows with their square. */
const MOST_COLUMNS = 1024;
/** The library looks through all of them for each that it reads. */
const MOST_ROW_GROUPS = 2000;
/** Bytes of the index at a file's end, which is held as objects. */
const LARGEST_FOOTER = 4 * 2 ** 20;
/** Rows that are held decoded at a time: a row group may have millions. */
const ROWS_A_SLICE = 2 ** 18;
/** Rows that a byte of the file can stand for: a trace in which every row takes less than a bit is none, and would not end. */
const ROWS_A_BYTE = 8;
/** Columns whose presence says that the rows are an engine request log, which is read as JSON lines. */
const LOG_COLUMNS = ['first_token_ts', 'last_token_ts', 'scheduled_ts', 'queued_ts'];

export function isParquet(head: Uint8Array): boolean {
  return MAGIC.every((byte, i) => head[i] === byte);
}

/**
 * A Parquet file as the text of the same table: CSV with the columns' names as header, or JSON lines where the columns are those of a request log, so
 * that every reader of rows reads Parquet too. The file's bytes are held in memory (its index stands at its end); its row groups pass one by one. Row i is
 * line i + 1 in messages (i + 2 for CSV, which has a header). Nested columns and texts of more than 1,024 characters
 * (windows of steps: a million) are left out. Pages and text are held to the limits of unpacked bytes.
 *
 * @throws Fault `trace-io/bad-parquet`, also for pages that do not add up to what the file's footer says; `trace-io/too-many-bytes`
 */
export async function* parquetText(input: Input, maxBytes: number | undefined): AsyncGenerator<Uint8Array> {
  const bytes = await allBytes(input);
  const limits = { file: input.file, maxBytes, packedBytes: bytes.length };
  try {
    yield* withinLimits(textOf(bytes, limits), limits);
  } catch (error) {
    throw error instanceof Fault ? error : badParquet(input.file, readable(error));
  }
}

interface Place {
  readonly line?: number;
  readonly column?: string;
  readonly value?: unknown;
}

function badParquet(file: string, contents: string, place: Place = {}): Fault {
  return new Fault('trace-io/bad-parquet', { what: 'Parquet file', file, rule: `must have ${contents}`, ...place });
}

function readable(error: unknown): string {
  return `a readable file (${error instanceof Error ? error.message.slice(0, 120) : 'not readable'})`;
}

async function* textOf(bytes: Uint8Array<ArrayBuffer>, limits: ByteLimits): AsyncGenerator<Uint8Array> {
  const { file } = limits;
  const unpacking = byteCounter(limits);
  // Loaded only for Parquet: hardly any trace is.
  const [{ parquetMetadataAsync, parquetRead, parquetSchema }, { compressors }, { checkColumn }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet-compressors'),
    import('./check-column.js'),
  ]);
  const source = {
    byteLength: bytes.length,
    slice: (start: number, end?: number) => bytes.buffer.slice(start, end),
  };
  checkFooter(bytes, file);
  const metadata = await parquetMetadataAsync(source);
  checkRows(metadata, bytes.length, file);
  const elements = parquetSchema(metadata)
    .children.filter(({ children, element }) => children.length === 0 && element.repetition_type !== 'REPEATED')
    .map(({ element }) => element);
  const columns = elements.map(({ name }) => name);
  if (columns.length > MOST_COLUMNS)
    throw badParquet(file, `at most ${MOST_COLUMNS} columns`, { value: columns.length });
  const asLog = columns.some((name) => LOG_COLUMNS.includes(name));
  const encoder = new TextEncoder();
  if (!asLog) yield encoder.encode(`${columns.map(csvCell).join(',')}\n`);
  const firstLine = asLog ? 1 : 2;
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    for (const element of elements) {
      const { name } = element;
      const meta = group.columns.find((chunk) => chunk.meta_data?.path_in_schema.join('.') === name)?.meta_data;
      if (meta === undefined) throw badParquet(file, 'every column in every row group', { column: name });
      const fault = (row: number, contents: string, value: unknown) =>
        badParquet(file, contents, { line: firstLine + rowStart + row, column: name, value });
      try {
        checkColumn({ bytes, meta, element, rows, compressors, unpacking, fault });
      } catch (error) {
        throw error instanceof Fault ? error : fault(0, readable(error), undefined);
      }
    }
    const groupEnd = rowStart + rows;
    for (; rowStart < groupEnd; rowStart = Math.min(rowStart + ROWS_A_SLICE, groupEnd)) {
      const slice = new Slice(columns, rowStart, Math.min(rowStart + ROWS_A_SLICE, groupEnd));
      const { rowEnd } = slice;
      const onChunk = (chunk: ColumnData) => slice.take(chunk);
      await parquetRead({ file: source, metadata, compressors, columns, parsers: PARSERS, rowStart, rowEnd, onChunk });
      const cells = slice.cells(file);
      let text = '';
      for (let i = 0; i < rowEnd - rowStart; i++) {
        text += asLog
          ? JSON.stringify(Object.fromEntries(columns.map((name, c) => [name, jsonValue(cells[c]?.[i])])))
          : cells.map((column) => csvCell(plainText(column[i]))).join(',');
        text += '\n';
        if (text.length < CHUNK_CHARACTERS && i + 1 < rowEnd - rowStart) continue;
        yield encoder.encode(text);
        text = '';
      }
    }
  }
}

/** The last eight bytes are the footer's length and a magic word; what is wrong with them otherwise, the library says. */
function checkFooter(bytes: Uint8Array<ArrayBuffer>, file: string): void {
  if (bytes.length < 8) return;
  const length = new DataView(bytes.buffer).getUint32(bytes.length - 8, true);
  if (length > LARGEST_FOOTER && length <= bytes.length) {
    throw badParquet(file, `a footer of at most ${LARGEST_FOOTER} bytes`, { value: length });
  }
}

function checkRows(metadata: FileMetaData, bytes: number, file: string): void {
  const all = Number(metadata.num_rows);
  if (metadata.row_groups.length > MOST_ROW_GROUPS) {
    throw badParquet(file, `at most ${MOST_ROW_GROUPS} row groups`, { value: metadata.row_groups.length });
  }
  const counts = metadata.row_groups.map((group: RowGroup) => Number(group.num_rows));
  const counted = counts.reduce((sum, count) => sum + count, 0);
  if (!(all === counted && counts.every((count) => count >= 0))) {
    throw badParquet(file, `as many rows as its row groups have, ${counted}`, { column: 'num_rows', value: all });
  }
  if (!(all <= ROWS_A_BYTE * bytes)) {
    throw badParquet(file, `at most ${ROWS_A_BYTE} rows a byte`, { column: 'num_rows', value: all });
  }
}

/** The columns of some rows, as their pages come; pages may hold rows before and after. */
class Slice {
  readonly #columns: Map<string, { readonly cells: unknown[]; count: number }>;

  constructor(
    columns: readonly string[],
    readonly rowStart: number,
    readonly rowEnd: number,
  ) {
    const length = rowEnd - rowStart;
    this.#columns = new Map(columns.map((name) => [name, { cells: new Array<unknown>(length), count: 0 }]));
  }

  take({ columnName, columnData, rowStart }: ColumnData): void {
    const column = this.#columns.get(columnName);
    if (column === undefined) return;
    const first = Math.max(this.rowStart - rowStart, 0);
    const end = Math.min(this.rowEnd - rowStart, columnData.length);
    for (let i = first; i < end; i++) column.cells[rowStart + i - this.rowStart] = columnData[i];
    column.count += Math.max(end - first, 0);
  }

  cells(file: string): unknown[][] {
    const length = this.rowEnd - this.rowStart;
    return [...this.#columns].map(([column, { cells, count }]) => {
      if (count !== length) throw badParquet(file, `${length} values`, { column, value: count });
      const longest = column === WINDOW_COLUMN ? LONGEST_WINDOW : LONGEST_TEXT;
      return cells.map((cell) => (typeof cell === 'string' && cell.length > longest ? undefined : cell));
    });
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Text must be UTF-8, and times keep the digits that a Date drops. */
const PARSERS: Partial<ParquetParsers> = {
  stringFromBytes: (bytes: Uint8Array) => bytes && decoder.decode(bytes),
  timestampFromMicroseconds: (micros: bigint) => dateText(micros, 6),
  timestampFromNanoseconds: (nanos: bigint) => dateText(nanos, 9),
};

function dateText(since: bigint, digits: number): string {
  const second = 10n ** BigInt(digits);
  const fraction = ((since % second) + second) % second;
  const whole = new Date(Number((since - fraction) / second) * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(fraction).padStart(digits, '0')}Z`;
}

async function allBytes(input: Input): Promise<Uint8Array<ArrayBuffer>> {
  const all = new ByteBuffer();
  for await (const chunk of input.source) {
    all.append(chunk);
    input.onProgress(all.length);
  }
  return all.bytes.slice();
}

function plainText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return value instanceof Date ? value.toISOString() : String(value);
}

function jsonValue(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  // JSON has no NaN; as text it is refused where a number is needed.
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

function csvCell(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
