import { GROUP_COLUMNS } from '@stepclock/trace-io';
import { usageFault } from '../../session/errors.js';

export type GroupColumn = (typeof GROUP_COLUMNS)[number];

/** A column of what DuckDB reads, with DuckDB's name of its type. */
export interface SourceColumn {
  readonly name: string;
  readonly type: string;
}

export interface RowsWanted {
  /** Name of the source's column for a field, by the field; a field without one is its own column. */
  readonly columns: ReadonlyMap<string, string>;
  /** A condition on the source's columns. */
  readonly where: string | undefined;
  /** Requests that start at or after this time, s. */
  readonly sinceSec: number | undefined;
}

/** A query of rows by engine and start, and what each of its columns is. */
export interface RowsQuery {
  readonly sql: string;
  readonly fields: readonly { readonly column: GroupColumn; readonly isNumber: boolean }[];
}

const TEXTS: ReadonlySet<GroupColumn> = new Set(['group', 'request', 'label']);
const TIMES: ReadonlySet<GroupColumn> = new Set(['queued', 'scheduled', 'first_token', 'last_token']);
const NEEDED: readonly GroupColumn[] = ['group', 'first_token', 'last_token', 'prompt_tokens', 'output_tokens'];
const NUMBER = /^(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\))$/;
const MOMENT = /^(?:TIMESTAMP.*|DATE)$/;

const quotedName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const quotedText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const isField = (name: string): name is GroupColumn => GROUP_COLUMNS.some((column) => column === name);

/** How a field is selected: texts as texts, moments as seconds since 1970, numbers as doubles; a text in a column of numbers stays one, to be refused by its row. */
const selected = (
  field: GroupColumn,
  { name, type }: SourceColumn,
): { readonly sql: string; readonly isNumber: boolean } => {
  const column = quotedName(name);
  if (TEXTS.has(field)) return { sql: `CAST(${column} AS VARCHAR)`, isNumber: false };
  if (NUMBER.test(type)) return { sql: `CAST(${column} AS DOUBLE)`, isNumber: true };
  if (MOMENT.test(type) && TIMES.has(field)) return { sql: `epoch(${column})`, isNumber: true };
  if (type === 'VARCHAR') return { sql: column, isNumber: false };
  const rule = `must be a column of numbers${TIMES.has(field) ? ' (s) or timestamps' : ''}`;
  throw usageFault(`column ${name} for ${field}`, rule, type);
};

/**
 * The query that gives rows as `stepclock map` takes them.
 *
 * @param source a table, or a query in brackets
 * @param described its columns
 * @throws Fault `cli/usage` for a field that is none, a column that is not there or of no use
 */
export const rowsQuery = (source: string, described: readonly SourceColumn[], wanted: RowsWanted): RowsQuery => {
  const stranger = [...wanted.columns.keys()].find((field) => !isField(field));
  if (stranger !== undefined)
    throw usageFault('--columns', `must name fields among ${GROUP_COLUMNS.join(', ')}`, stranger);
  const found = GROUP_COLUMNS.flatMap((field) => {
    const name = wanted.columns.get(field) ?? field;
    const column = described.find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (column !== undefined) return [{ field, ...selected(field, column) }];
    if (wanted.columns.has(field)) {
      throw usageFault(
        field === 'group' ? '--group-by' : '--columns',
        `must name a column of the rows: ${described.map((each) => each.name).join(', ')}`,
        name,
      );
    }
    return [];
  });
  const has = (field: GroupColumn): boolean => found.some((each) => each.field === field);
  const absent = NEEDED.find((field) => !has(field)) ?? (has('queued') || has('scheduled') ? undefined : 'queued');
  if (absent !== undefined) {
    const rule = `must say the column of ${absent}, as ${absent}=column: the rows have ${described.map((each) => each.name).join(', ')}`;
    throw usageFault('--columns', rule);
  }
  const number = ({ field, isNumber }: (typeof found)[number]): string =>
    isNumber ? quotedName(field) : `TRY_CAST(${quotedName(field)} AS DOUBLE)`;
  const starts = found.filter(({ field }) => field === 'queued' || field === 'scheduled').map(number);
  const start = `coalesce(${starts.join(', ')})`;
  const order = ['"group" NULLS FIRST', `${start} NULLS LAST`, ...(has('request') ? ['"request"'] : [])];
  // Rows of one start and no identifier: by what is left, so that their order is no chance.
  order.push('"last_token"', '"first_token"', '"prompt_tokens"');
  const rows = `SELECT ${found.map(({ field, sql }) => `${sql} AS ${quotedName(field)}`).join(', ')} FROM ${source}${
    wanted.where === undefined ? '' : ` WHERE (${wanted.where})`
  }`;
  const since = wanted.sinceSec === undefined ? '' : ` WHERE ${start} >= ${wanted.sinceSec}`;
  return {
    sql: `SELECT * FROM (${rows})${since} ORDER BY ${order.join(', ')}`,
    fields: found.map(({ field, isNumber }) => ({ column: field, isNumber })),
  };
};

const READERS: readonly (readonly [endings: RegExp, reader: string])[] = [
  [/\.parquet$/i, 'read_parquet'],
  [/\.(?:csv|tsv)(?:\.(?:gz|zst))?$/i, 'read_csv'],
  [/\.(?:jsonl|ndjson|json)(?:\.(?:gz|zst))?$/i, 'read_json_auto'],
];

/**
 * A query of the rows of files: Parquet, CSV, JSON lines, by their endings; columns by their names.
 *
 * @throws Fault `cli/usage` for a file of another ending
 */
export const filesQuery = (files: readonly string[]): string => {
  const stranger = files.find((file) => !READERS.some(([endings]) => endings.test(file)));
  if (stranger !== undefined) {
    throw usageFault(
      'fleet',
      'must read files ending in .parquet, .csv, .tsv, .jsonl, .ndjson or .json, packed by gzip or not',
      stranger,
    );
  }
  return READERS.flatMap(([endings, reader]) => {
    const own = files.filter((file) => endings.test(file));
    return own.length === 0
      ? []
      : [`SELECT * FROM ${reader}([${own.map(quotedText).join(', ')}], union_by_name = true)`];
  }).join(' UNION ALL BY NAME ');
};
