import { Fault } from '@stepclock/faults';
import type { Database } from 'sql.js';
import { ByteBuffer } from '../bytes/byte-buffer.js';
import { withinLimits } from '../bytes/byte-limits.js';
import type { Input } from '../bytes/input.js';

const MAGIC = 'SQLite format 3\0';
/** Rows handed out at a time. */
const ROWS = 512;
/** The table that evalscope keeps its requests in, and columns with whole texts, which tell nothing of times. */
const TABLE = 'result';
const TEXTS = new Set(['request', 'response_messages']);

export function isSqlite(head: Uint8Array): boolean {
  return [...MAGIC].every((char, i) => head[i] === char.charCodeAt(0));
}

/**
 * The table of requests of a SQLite file as JSON lines, texts left out, so that it is read like any other log. The file's bytes are held in memory. Row i
 * is line i in messages.
 *
 * @throws Fault `trace-io/bad-sqlite`, `trace-io/too-many-bytes`
 */
export async function* sqliteText(input: Input, maxBytes: number | undefined): AsyncGenerator<Uint8Array> {
  const bytes = await allBytes(input);
  yield* withinLimits(rowsOf(bytes, input.file), { file: input.file, maxBytes, packedBytes: bytes.length });
}

async function* rowsOf(bytes: Uint8Array, file: string): AsyncGenerator<Uint8Array> {
  // Loaded only for SQLite: hardly any trace is.
  const { default: initSqlJs } = await import('sql.js');
  const { Database } = await initSqlJs();
  let database: Database | undefined;
  try {
    database = new Database(bytes);
    yield* linesOf(database, file);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw badSqlite(file, `be readable (${error instanceof Error ? error.message.slice(0, 120) : 'not readable'})`);
  } finally {
    database?.close();
  }
}

function* linesOf(database: Database, file: string): Generator<Uint8Array> {
  const columns = namesOf(database);
  if (columns.length === 0) throw badSqlite(file, `hold the table ${TABLE} of an evalscope run`);
  const quoted = columns.filter((name) => !TEXTS.has(name)).map((name) => `"${name.replaceAll('"', '""')}"`);
  const statement = database.prepare(`SELECT ${quoted.join(', ')} FROM "${TABLE}"`);
  const encoder = new TextEncoder();
  try {
    let text = '';
    for (let row = 1; statement.step(); row++) {
      text += `${JSON.stringify(statement.getAsObject())}\n`;
      if (row % ROWS !== 0) continue;
      yield encoder.encode(text);
      text = '';
    }
    yield encoder.encode(text);
  } finally {
    statement.free();
  }
}

function namesOf(database: Database): readonly string[] {
  const [found] = database.exec(`SELECT name FROM pragma_table_info('${TABLE}')`);
  return found?.values.map(([name]) => String(name)) ?? [];
}

function badSqlite(file: string, rule: string): Fault {
  return new Fault('trace-io/bad-sqlite', { what: 'SQLite file', file, rule: `must ${rule}` });
}

async function allBytes(input: Input): Promise<Uint8Array> {
  const all = new ByteBuffer();
  for await (const chunk of input.source) {
    all.append(chunk);
    input.onProgress(all.length);
  }
  return all.bytes.slice();
}
