import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { Fault, printable } from '@stepclock/faults';
import type { GroupedColumns, GroupValues } from '@stepclock/trace-io';
import { usageFault } from '../../session/errors.js';
import { type GroupColumn, quotedText, type RowsQuery, type SourceColumn } from './rows-query.js';

/** What its tables may take; the rest goes to a folder of its own, which goes with the run. */
const MEMORY = '256MB';

const moduleOf = async (): Promise<typeof import('@duckdb/node-api')> => {
  try {
    return await import('@duckdb/node-api');
  } catch (error) {
    const rule =
      'needs DuckDB: npm install @duckdb/node-api where stepclock is installed (-g for a global one), or npx -p stepclock -p @duckdb/node-api stepclock fleet ...';
    throw new Fault('cli/missing-package', { what: 'fleet', rule }, { cause: error });
  }
};

/** DuckDB in this process, for one run. */
export class Database {
  private constructor(
    private readonly connection: DuckDBConnection,
    private readonly folder: string,
  ) {}

  /** @throws Fault `cli/missing-package` */
  static async open(threads: number): Promise<Database> {
    const { DuckDBInstance } = await moduleOf();
    const folder = await mkdtemp(join(tmpdir(), 'stepclock-fleet-'));
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: MEMORY,
      temp_directory: folder,
      threads: String(threads),
      preserve_insertion_order: 'false',
      // Nothing is fetched from anywhere in silence.
      autoinstall_known_extensions: 'false',
    });
    return new Database(await instance.connect(), folder);
  }

  async close(): Promise<void> {
    this.connection.closeSync();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** @throws Fault `cli/query`: what DuckDB says, one line */
  async #asked<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      const rule = printable(said.replace(/\s+/g, ' ').trim());
      throw new Fault('cli/query', { what: 'DuckDB', rule }, { cause: error });
    }
  }

  async run(sql: string): Promise<void> {
    await this.#asked(() => this.connection.run(sql));
  }

  /** Rows of a small result. */
  async rows(sql: string): Promise<readonly (readonly DuckDBValue[])[]> {
    return this.#asked(async () => (await this.connection.runAndReadAll(sql)).getRows());
  }

  async columnsOf(source: string): Promise<readonly SourceColumn[]> {
    const described = await this.rows(`DESCRIBE SELECT * FROM ${source}`);
    return described.map(([name, type]) => ({ name: String(name), type: String(type) }));
  }

  /** Lines of engines as a Parquet file: who, when, how many rows, and the line itself. */
  async writeLines(path: string, rows: readonly (readonly DuckDBValue[])[]): Promise<void> {
    await this.run(
      'CREATE OR REPLACE TEMP TABLE made (engine VARCHAR, label VARCHAR, row_count DOUBLE, used DOUBLE, ok BOOLEAN, start_sec DOUBLE, end_sec DOUBLE, line VARCHAR)',
    );
    await this.#asked(async () => {
      const insert = await this.connection.prepare('INSERT INTO made VALUES ($1, $2, $3, $4, $5, $6, $7, $8)');
      for (const row of rows) {
        insert.bind([...row]);
        await insert.run();
      }
    });
    await this.run(`COPY made TO ${quotedText(path)} (FORMAT parquet, COMPRESSION zstd)`);
  }

  /** The rows of a query group by group: its first column is the group's name. Memory: a group. */
  async *groups(query: RowsQuery, onRows: (rows: number) => void): AsyncGenerator<GroupedColumns> {
    const result = await this.#asked(() => this.connection.stream(query.sql));
    let current: GroupBuilder | undefined;
    let row = 0;
    for (;;) {
      const chunk = await this.#asked(() => result.fetchChunk());
      if (!chunk || chunk.rowCount === 0) break;
      const columns = query.fields.map((_, c) => chunk.getColumnValues(c));
      for (let i = 0; i < chunk.rowCount; i++) {
        row++;
        const name = columns[0][i];
        if (typeof name !== 'string')
          throw usageFault('--group-by', 'must name a column that every row has', `null in row ${row}`);
        if (current?.name !== name) {
          if (current !== undefined) yield current.done();
          current = new GroupBuilder(name, row, query.fields);
        }
        for (const [c, column] of columns.entries()) current.push(c, column[i]);
      }
      onRows(row);
    }
    if (current !== undefined) yield current.done();
  }
}

/** The columns of one group, value by value. */
class GroupBuilder {
  readonly #values: (number | string | null)[][];

  constructor(
    readonly name: string,
    private readonly firstRow: number,
    private readonly fields: RowsQuery['fields'],
  ) {
    this.#values = fields.map(() => []);
  }

  push(column: number, value: DuckDBValue | undefined): void {
    this.#values[column].push(typeof value === 'number' || typeof value === 'string' ? value : null);
  }

  done(): GroupedColumns {
    const columns: Partial<Record<GroupColumn, GroupValues>> = {};
    for (const [c, { column, isNumber }] of this.fields.entries()) {
      const values = this.#values[c];
      // NaN and the infinities are no nulls: as texts they are refused by their row.
      const isPlain = isNumber && values.every((value) => value === null || Number.isFinite(value));
      columns[column] = isPlain
        ? Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value)))
        : values.map((value) => (value === null ? null : String(value)));
    }
    return { name: this.name, firstRow: this.firstRow, length: this.#values[0].length, columns };
  }
}
