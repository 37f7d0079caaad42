export const SQL_DIALECTS = ['duckdb', 'clickhouse', 'spark', 'bigquery', 'trino'] as const;
export type SqlDialect = (typeof SQL_DIALECTS)[number];

/** What the dialects do not write alike. */
export interface Dialect {
  readonly double: (expression: string) => string;
  readonly text: (expression: string) => string;
  /** Texts, one after another with commas between them. */
  readonly joined: (texts: readonly string[]) => string;
  /** The median of a column over the rows that are alike in others. */
  readonly median: (expression: string) => string;
}

const cast =
  (type: string) =>
  (expression: string): string =>
    `CAST(${expression} AS ${type})`;

export const DIALECTS: Readonly<Record<SqlDialect, Dialect>> = {
  duckdb: {
    double: cast('DOUBLE'),
    text: cast('VARCHAR'),
    joined: (texts) => `array_to_string([${texts.join(', ')}], ',')`,
    median: (x) => `median(${x})`,
  },
  clickhouse: {
    double: (x) => `toFloat64(${x})`,
    text: (x) => `toString(${x})`,
    joined: (texts) => `arrayStringConcat([${texts.join(', ')}], ',')`,
    median: (x) => `quantileExactInclusive(0.5)(${x})`,
  },
  spark: {
    double: cast('DOUBLE'),
    text: cast('STRING'),
    joined: (texts) => `array_join(array(${texts.join(', ')}), ',')`,
    median: (x) => `percentile(${x}, 0.5)`,
  },
  bigquery: {
    double: cast('FLOAT64'),
    text: cast('STRING'),
    joined: (texts) => `ARRAY_TO_STRING([${texts.join(', ')}], ',')`,
    median: (x) => `percentile_cont(${x}, 0.5)`,
  },
  trino: {
    double: cast('DOUBLE'),
    text: cast('VARCHAR'),
    joined: (texts) => `array_join(ARRAY[${texts.join(', ')}], ',')`,
    median: (x) => `approx_percentile(${x}, 0.5)`,
  },
};
