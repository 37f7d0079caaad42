import type { Input } from './input.js';
import { TraceIoError } from './trace-io-error.js';

const MAGIC = [0x50, 0x41, 0x52, 0x31];
const ROWS_A_READ = 20_000;
/** Columns whose presence says that the rows are an engine request log, which is read as JSON lines. */
const LOG_COLUMNS = ['first_token_ts', 'last_token_ts', 'scheduled_ts', 'queued_ts'];

export function isParquet(head: Uint8Array): boolean {
  return MAGIC.every((byte, i) => head[i] === byte);
}

/**
 * A Parquet file as the text of the same table: CSV with the columns' names as header, or JSON lines where the columns are those of a request log, so
 * that every reader of rows reads Parquet too. The file's bytes are held in memory (its index stands at its end); its rows pass in blocks. Row i is
 * line i + 1 in messages (i + 2 for CSV, which has a header).
 *
 * @throws TraceIoError `trace-io/bad-parquet`
 */
export async function* parquetText(input: Input): AsyncGenerator<Uint8Array> {
  const bytes = await allBytes(input);
  const fault = (error: unknown): TraceIoError =>
    new TraceIoError('trace-io/bad-parquet', 'Parquet file', {
      file: input.file,
      expected: `a readable Parquet file (${error instanceof Error ? error.message.slice(0, 120) : 'not readable'})`,
    });
  // Loaded only for Parquet: hardly any trace is.
  const [{ parquetMetadataAsync, parquetReadObjects, parquetSchema }, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet-compressors'),
  ]);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const file = { byteLength: buffer.byteLength, slice: (start: number, end?: number) => buffer.slice(start, end) };
  try {
    const metadata = await parquetMetadataAsync(file);
    const columns = parquetSchema(metadata)
      .children.filter(({ children }) => children.length === 0)
      .map(({ element }) => element.name);
    const rowCount = Number(metadata.num_rows);
    const counted = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
    if (!(Number.isSafeInteger(rowCount) && rowCount >= 0 && rowCount === counted)) {
      throw new Error(`${rowCount} rows in all, but ${counted} in its row groups`);
    }
    const asLog = columns.some((name) => LOG_COLUMNS.includes(name));
    const encoder = new TextEncoder();
    if (!asLog) yield encoder.encode(`${columns.map(csvCell).join(',')}\n`);
    for (let rowStart = 0; rowStart < rowCount; rowStart += ROWS_A_READ) {
      const rowEnd = Math.min(rowStart + ROWS_A_READ, rowCount);
      const rows = await parquetReadObjects({ file, metadata, compressors, columns, rowStart, rowEnd });
      // A spoiled count must not keep us reading rows that are not there.
      if (rows.length !== rowEnd - rowStart)
        throw new Error(`${rows.length} rows where ${rowEnd - rowStart} should be`);
      const lines = rows.map((row) =>
        asLog
          ? JSON.stringify(Object.fromEntries(columns.map((name) => [name, jsonValue(row[name])])))
          : columns.map((name) => csvCell(plainText(row[name]))).join(','),
      );
      yield encoder.encode(`${lines.join('\n')}\n`);
    }
  } catch (error) {
    throw error instanceof TraceIoError ? error : fault(error);
  }
}

async function allBytes(input: Input): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of input.source) {
    chunks.push(chunk.slice());
    size += chunk.length;
    input.onProgress(size);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
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
