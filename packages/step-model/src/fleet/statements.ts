import { DEFAULT_GROUP_COLUMNS } from '@stepclock/trace-io';
import { stepModelFault } from '../step-model-fault.js';

/** Engines that run `stepclock map` over a table. */
export const STATEMENT_ENGINES = ['spark', 'clickhouse'] as const;
export type StatementEngine = (typeof STATEMENT_ENGINES)[number];

export interface StatementNames {
  /** `requests`, `db.requests`. */
  readonly table: string;
  /** The table's column for a field, by the field; a field without one is its own column. */
  readonly columns: ReadonlyMap<string, string>;
  /** Parts of the table that are read side by side. */
  readonly partitions: number;
}

/** Letters, digits, underscores: what no engine reads as anything else. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

const checked = (what: string, name: string): string => {
  if (name.split('.').every((part) => NAME.test(part))) return name;
  const rule = 'must be a name of letters, digits and underscores';
  throw stepModelFault('step-model/bad-statement', { what, rule, value: name });
};

const fieldsOf = ({ columns }: StatementNames): readonly string[] => {
  const stranger = [...columns.keys()].find((field) => !DEFAULT_GROUP_COLUMNS.some((known) => known === field));
  if (stranger !== undefined) {
    const rule = `must be among ${DEFAULT_GROUP_COLUMNS.join(', ')}`;
    throw stepModelFault('step-model/bad-statement', { what: 'field', rule, value: stranger });
  }
  // The last one only where the table has it.
  const wanted = columns.has('cached_tokens') ? DEFAULT_GROUP_COLUMNS : DEFAULT_GROUP_COLUMNS.slice(0, -1);
  return wanted.map((field) => checked(`column of ${field}`, columns.get(field) ?? field));
};

/**
 * The statement that runs `stepclock map` over a table of requests, one line an engine, and the one that counts the table's rows for
 * `merge --expect`.
 *
 * @throws Fault `step-model/bad-statement` for a name that would have to be quoted, or a field that is none
 */
export const mapStatement = (engine: StatementEngine, names: StatementNames): string => {
  const table = checked('table', names.table);
  const fields = fieldsOf(names);
  const [group, , queued, scheduled] = fields;
  const start = `coalesce(${queued}, ${scheduled})`;
  return engine === 'spark'
    ? spark(table, fields, group, start, names.partitions)
    : clickhouse(table, fields, group, start);
};

const spark = (
  table: string,
  fields: readonly string[],
  group: string,
  start: string,
  partitions: number,
): string => `-- One line an engine. stepclock must be on the workers' path.
SELECT TRANSFORM (${fields.join(', ')})
  ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' NULL DEFINED AS '\\\\N'
  USING 'stepclock map'
  AS (line STRING)
  ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\u0001' NULL DEFINED AS '\\\\N'
FROM (
  -- The hint keeps adaptive execution from putting all engines into one partition.
  SELECT /*+ REPARTITION(${partitions}, ${group}) */ * FROM ${table}
  DISTRIBUTE BY ${group} SORT BY ${group}, ${start}
);

-- Rows of each engine, for stepclock merge --expect.
SELECT concat(${group}, '\\t', count(*)) FROM ${table} GROUP BY ${group};
`;

const clickhouse = (
  table: string,
  fields: readonly string[],
  group: string,
  start: string,
): string => `-- user_scripts/stepclock-map, executable: two lines, #!/bin/sh and exec stepclock map
SELECT line FROM executable(
  'stepclock-map', 'LineAsString', 'line String',
  (SELECT ${fields.join(', ')} FROM ${table} ORDER BY ${group}, ${start}),
  SETTINGS check_exit_code = 1, stderr_reaction = 'log', command_read_timeout = 600000, command_write_timeout = 600000
) FORMAT LineAsString;

-- Rows of each engine, for stepclock merge --expect.
SELECT ${group}, count() FROM ${table} GROUP BY ${group} FORMAT TabSeparated;
`;
