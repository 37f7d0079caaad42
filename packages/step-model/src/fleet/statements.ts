import { DEFAULT_GROUP_COLUMNS } from '@stepclock/trace-io';
import { checkedName, refuseStrangers } from './sql-names.js';

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

const fieldsOf = ({ columns }: StatementNames): readonly string[] => {
  refuseStrangers(columns, DEFAULT_GROUP_COLUMNS);
  // The last one only where the table has it.
  const wanted = columns.has('cached_tokens') ? DEFAULT_GROUP_COLUMNS : DEFAULT_GROUP_COLUMNS.slice(0, -1);
  return wanted.map((field) => checkedName(`column of ${field}`, columns.get(field) ?? field));
};

/** The statement that runs `stepclock map`, one line an engine, and the one that counts the table's rows. */
interface Statements {
  readonly lines: string;
  readonly counts: string;
}

const FIRST_COMMENT: Readonly<Record<StatementEngine, string>> = {
  spark: "One line an engine. stepclock must be on the workers' path.",
  clickhouse: 'user_scripts/stepclock-map, executable: two lines, #!/bin/sh and exec stepclock map',
};

const statementsOf = (engine: StatementEngine, names: StatementNames): Statements => {
  const table = checkedName('table', names.table);
  const fields = fieldsOf(names);
  const [group, , queued, scheduled] = fields;
  const start = `coalesce(${queued}, ${scheduled})`;
  return engine === 'spark'
    ? spark(table, fields, group, start, names.partitions)
    : clickhouse(table, fields, group, start);
};

/**
 * The statement that runs `stepclock map` over a table of requests, one line an engine, and the one that counts the table's rows for
 * `merge --expect`.
 *
 * @throws Fault `step-model/bad-statement` for a name that would have to be quoted, or a field that is none
 */
export const mapStatement = (engine: StatementEngine, names: StatementNames): string => {
  const { lines, counts } = statementsOf(engine, names);
  return `-- ${FIRST_COMMENT[engine]}\n${lines};\n\n-- Rows of each engine, for stepclock merge --expect.\n${counts};\n`;
};

/**
 * A job for spark-submit: the lines into a table, then as many rows for each engine as the source has, or it fails.
 *
 * @throws Fault as {@link mapStatement}
 */
export const sparkJob = (names: StatementNames): string => {
  const { lines } = statementsOf('spark', names);
  const table = checkedName('table', names.table);
  const group = checkedName('column of group', names.columns.get('group') ?? 'group');
  return `# spark-submit job.py TABLE: one line an engine into TABLE, its rows counted. stepclock must be on the workers' path.
import json
import sys

from pyspark.sql import SparkSession

LINES = r"""
${lines}
"""

spark = SparkSession.builder.appName("stepclock").getOrCreate()
target = sys.argv[1]
spark.sql(LINES).write.mode("overwrite").saveAsTable(target)

# A process that ends early with 0 loses rows, and Spark does not say so.
expected = {row[0]: row[1] for row in spark.sql("SELECT ${group}, count(*) FROM ${table} GROUP BY ${group}").collect()}
got = {}
for (line,) in spark.table(target).select("line").toLocalIterator():
    engine = json.loads(line)
    if engine["engine"] in got:
        sys.exit(f"engine {engine['engine']} has two lines: its rows went to two processes (DISTRIBUTE BY)")
    got[engine["engine"]] = engine["rows"]
wrong = [(name, expected.get(name), got.get(name)) for name in expected.keys() | got.keys() if expected.get(name) != got.get(name)]
if wrong:
    name, rows, came = wrong[0]
    sys.exit(f"{len(wrong)} engines have lost rows: {name} has {rows} and its line counts {came}")
`;
};

/** What a text must not have between tabulators and line ends, written as `stepclock map` reads it. */
const ESCAPES: readonly (readonly [raw: string, written: string])[] = [
  ['\\\\', '\\\\\\\\'],
  ['\\t', '\\\\t'],
  ['\\n', '\\\\n'],
  ['\\r', '\\\\r'],
];

const escaped = (text: string, replace: string): string =>
  ESCAPES.reduce((inner, [raw, written]) => `${replace}(${inner}, '${raw}', '${written}')`, text);

const spark = (
  table: string,
  fields: readonly string[],
  group: string,
  start: string,
  partitions: number,
): Statements => {
  const [, request, ...numbers] = fields;
  return {
    lines: `SELECT TRANSFORM (
    ${[escaped(group, 'replace'), escaped(request, 'replace'), numbers.join(', ')].join(',\n    ')})
  ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' NULL DEFINED AS '\\\\N'
  USING 'stepclock map'
  AS (line STRING)
  ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\u0001' NULL DEFINED AS '\\\\N'
FROM (
  -- The hint keeps adaptive execution from putting all engines into one partition.
  SELECT /*+ REPARTITION(${partitions}, ${group}) */ * FROM ${table}
  DISTRIBUTE BY ${group} SORT BY ${group}, ${start}, ${request}
)`,
    counts: `SELECT concat(${escaped(group, 'replace')}, '\\t', count(*)) AS line FROM ${table} GROUP BY ${group}`,
  };
};

const clickhouse = (table: string, fields: readonly string[], group: string, start: string): Statements => {
  const [, request, ...numbers] = fields;
  const text = (column: string): string => escaped(`toString(${column})`, 'replaceAll');
  return {
    lines: `SELECT line FROM executable(
  'stepclock-map', 'LineAsString', 'line String',
  (SELECT
    ${[text(group), text(request), numbers.join(', ')].join(',\n    ')}
    FROM ${table} ORDER BY ${group}, ${start}, ${request}),
  SETTINGS check_exit_code = 1, stderr_reaction = 'log', command_read_timeout = 600000, command_write_timeout = 600000
) FORMAT LineAsString`,
    counts: `SELECT ${text(group)}, count() FROM ${table} GROUP BY ${group} FORMAT TabSeparatedRaw`,
  };
};
