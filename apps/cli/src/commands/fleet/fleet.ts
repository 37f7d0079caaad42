import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExitCode } from '@stepclock/faults';
import type { EngineLine } from '@stepclock/step-model';
import { GROUP_COLUMNS } from '@stepclock/trace-io';
import { finiteJson } from '../../files/finite-json.js';
import { expandPaths } from '../../files/paths/expand-paths.js';
import { positiveInteger } from '../../options/number-rules.js';
import { flag, list, number, type Option, required, text } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { usageFault } from '../../session/errors.js';
import { shareProgress } from '../../session/progress.js';
import type { Session } from '../../session/session.js';
import { Database } from './duckdb.js';
import { linesOfGroups } from './engine-threads.js';
import { pairOf } from './field-pairs.js';
import { extended, type FleetStore, openStore } from './fleet-store.js';
import { filesQuery, quotedText, type RowsWanted, rowsQuery } from './rows-query.js';

const files: Option<readonly string[]> = {
  yargs: {
    type: 'string',
    array: true,
    default: [],
    describe: "requests of many engines: files or patterns ('logs/**/*.parquet'), Parquet, CSV or JSON lines",
  },
  role: 'tables',
  parse: (value) => [value ?? []].flat().map(String),
};

/** Seconds on the log's clock: as a number, or since 1970 of a date. */
const secondsOf = (word: string | undefined): number | undefined => {
  if (word === undefined) return undefined;
  const seconds = /^[-+\d.eE]+$/.test(word) && !/^\d{4}-/.test(word) ? Number(word) : Date.parse(word) / 1000;
  if (Number.isFinite(seconds)) return seconds;
  throw usageFault('--since', "must be seconds on the log's clock, or a date such as 2026-05-01T00:00Z", word);
};

const MOST_THREADS = 8;

interface Run {
  readonly paths: readonly string[];
  readonly sql: string | undefined;
  readonly wanted: RowsWanted;
  readonly threads: number;
  readonly maxNumBatchedTokens: number | undefined;
}

/** The lines of all engines in some files, each written as soon as it is there. */
const mapped = async (database: Database, run: Run, session: Session): Promise<readonly EngineLine[]> => {
  const progress = shareProgress(session.io.stderr, 'rows');
  await database.run(`CREATE OR REPLACE TEMP VIEW logs AS ${filesQuery(run.paths)}`);
  const source = run.sql === undefined ? 'logs' : `(${run.sql.replace(/;\s*$/, '')})`;
  const query = rowsQuery(source, await database.columnsOf(source), run.wanted);
  // Counting reads a CSV once more: only for somebody who looks on.
  const [[total]] = session.io.stderr.isTTY ? await database.rows('SELECT count(*) FROM logs') : [[0]];
  const groups = database.groups(query, (rows) => progress.update(rows, Number(total)));
  const data = { file: 'logs', maxNumBatchedTokens: run.maxNumBatchedTokens, version: session.version };
  const lines: EngineLine[] = [];
  for await (const line of linesOfGroups(groups, run.threads, data)) {
    lines.push(line);
    await session.writeText(undefined, [`${finiteJson(line, 0).text}\n`]);
  }
  progress.finish();
  return lines;
};

/** Lines of earlier runs, as they were written. */
const stored = async (database: Database, { linePaths }: FleetStore): Promise<readonly string[]> => {
  if (linePaths.length === 0) return [];
  const rows = await database.rows(
    `SELECT line FROM read_parquet([${linePaths.map(quotedText).join(', ')}]) ORDER BY engine, start_sec`,
  );
  return rows.map(([line]) => String(line));
};

/** Puts new lines beside those of earlier runs. */
const keep = async (
  database: Database,
  store: FleetStore,
  lines: readonly EngineLine[],
  session: Session,
): Promise<void> => {
  const next = await extended(store);
  const folder = await mkdtemp(join(tmpdir(), 'stepclock-lines-'));
  try {
    const aside = join(folder, 'lines.parquet');
    const rows = lines.map((line) => {
      const [start, end] = line.start_seconds ?? [null, null];
      return [line.engine, line.label, line.rows, line.used, line.ok, start, end, finiteJson(line, 0).text];
    });
    await database.writeLines(aside, rows);
    await session.writeFile(next.lines, await readFile(aside));
    await session.writeFile(next.manifest.path, next.manifest.text);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

export const verb = defineVerb({
  positionals: { files },
  options: {
    'group-by': required(text('the column that says the engine')),
    columns: list(
      `the other columns where they are called otherwise, as field=column: queued=arrival; fields are ${GROUP_COLUMNS.slice(1).join(', ')}`,
    ),
    sql: text(
      "a query that gives the rows; the files are the table logs: select *, model || '/' || gpu as label from logs",
    ),
    where: text('a condition on the columns of the rows: status = 200'),
    since: text("only requests that start at or after this time: seconds on the log's clock, or a date"),
    store: text(
      'keep the lines here, as Parquet; later runs read only files that are new, and write the lines of all',
      'folder',
    ),
    threads: number(
      `engines worked on at once [as many as there are processors, ${MOST_THREADS} at most]`,
      positiveInteger,
    ),
    'max-num-batched-tokens': number('token budget of a step of every engine', positiveInteger),
    strict: flag('exit with 1 where an engine has no model'),
  },
  examples: [
    ["$0 fleet 'logs/**/*.parquet' --group-by engine > fleet.jsonl", 'one line an engine; needs @duckdb/node-api'],
    ["$0 fleet 'logs/*.csv' --group-by host --store fleet | $0 merge -", 'a day more reads that day only'],
  ],
  run: async (args, session) => {
    const paths = await expandPaths(args.files);
    if (paths.length === 0)
      throw usageFault('fleet', "a file is missing: stepclock fleet 'logs/*.parquet' --group-by engine");
    const columns = new Map([['group', args.groupBy], ...args.columns.map(pairOf)] as const);
    const sinceSec = secondsOf(args.since);
    const threads = args.threads ?? Math.min(MOST_THREADS, availableParallelism());
    filesQuery(paths);
    const settings = {
      columns: [...columns]
        .map(([field, column]) => `${field}=${column}`)
        .sort()
        .join(','),
      sql: args.sql ?? null,
      where: args.where ?? null,
      since_sec: sinceSec ?? null,
      max_num_batched_tokens: args.maxNumBatchedTokens ?? null,
    };
    const store = args.store === undefined ? undefined : await openStore(args.store, settings, paths);
    const database = await Database.open(threads);
    try {
      const earlier = store === undefined ? [] : await stored(database, store);
      for (const line of earlier) await session.writeText(undefined, [`${line}\n`]);
      const fresh = store?.fresh ?? paths;
      const { sql, where, maxNumBatchedTokens } = args;
      const run = { paths: fresh, sql, wanted: { columns, where, sinceSec }, threads, maxNumBatchedTokens };
      const lines = fresh.length === 0 ? [] : await mapped(database, run, session);
      if (store !== undefined && fresh.length > 0) await keep(database, store, lines, session);
      const failed = lines.filter(({ ok }) => !ok).length;
      if (args.strict !== true || failed === 0) return ExitCode.ok;
      session.log.error(`${failed} engine(s) have no model (--strict)`);
      return ExitCode.badInput;
    } finally {
      await database.close();
    }
  },
});
