import { Token2MetricsError } from '../token2metrics-error.js';
import {
  BATCH_COLUMN,
  GROUP_COLUMN,
  INPUT_TOKENS,
  METRIC_COLUMNS,
  MODEL_COLUMN,
  OUTPUT_TOKENS,
  plainName,
  TOKENS_PER_SECOND,
} from './column-names.js';
import { METRIC_FACTS, METRICS, type Metric } from './metric.js';
import type { Sheet } from './sheet.js';
import { type Unit, unitOf, unitSuffix } from './units.js';

/** Where a metric stands in a sheet. A unit that neither the name nor the caller gives is undefined: the numbers must tell. */
interface MetricColumn {
  readonly index: number;
  readonly name: string;
  readonly unit: Unit | undefined;
}

export interface ColumnMap {
  readonly input: number;
  readonly output: number | undefined;
  readonly metrics: Partial<Readonly<Record<Metric, MetricColumn>>>;
  readonly tokensPerSecond: number | undefined;
  readonly model: number | undefined;
  readonly group: number | undefined;
  readonly batch: number | undefined;
}

export interface ColumnOptions {
  /** Which column a metric stands in, where the names leave it open: `{ energy: 'gpu_energy_j' }`. */
  readonly columns?: Partial<Readonly<Record<Metric, string>>>;
  /** Units of columns whose names do not tell, by column name: `{ ttft: 'ms' }`. */
  readonly units?: Readonly<Record<string, string>>;
}

/**
 * Finds the columns of a sheet by their names.
 *
 * @throws Token2MetricsError `token2metrics/missing-column`, `token2metrics/ambiguous-column`, `token2metrics/unknown-unit`
 */
export const mapColumns = (sheet: Sheet, options: ColumnOptions): ColumnMap => {
  const find = (names: readonly string[]): number | undefined => {
    const index = sheet.names.findIndex((name) => names.includes(plainName(name)));
    return index < 0 ? undefined : index;
  };
  const input = find(INPUT_TOKENS);
  if (input === undefined) {
    throw new Token2MetricsError(
      'token2metrics/missing-column',
      `input_tokens: every request needs its prompt length, which cannot be made up; got columns ${sheet.names.join(', ')}`,
      { file: sheet.file, line: 1, column: 'input_tokens', value: sheet.names, expected: 'input_tokens' },
    );
  }
  for (const name of Object.keys(options.units ?? {})) requireColumn(sheet, name, 'units');
  const metrics: Partial<Record<Metric, MetricColumn>> = {};
  for (const metric of METRICS) {
    const column = metricColumn(sheet, metric, options);
    if (column) metrics[metric] = column;
  }
  return {
    input,
    output: find(OUTPUT_TOKENS),
    metrics,
    tokensPerSecond: find(TOKENS_PER_SECOND),
    model: find(MODEL_COLUMN),
    group: find(GROUP_COLUMN),
    batch: find(BATCH_COLUMN),
  };
};

const requireColumn = (sheet: Sheet, name: string, option: string): number => {
  const index = sheet.names.indexOf(name);
  if (index >= 0) return index;
  throw new Token2MetricsError(
    'token2metrics/missing-column',
    `${option}: must name a column; got '${name}' among ${sheet.names.join(', ')}`,
    {
      file: sheet.file,
      line: 1,
      column: name,
    },
  );
};

const metricColumn = (sheet: Sheet, metric: Metric, options: ColumnOptions): MetricColumn | undefined => {
  const { quantity } = METRIC_FACTS[metric];
  const unitFor = (name: string): Unit | undefined => {
    const declared = options.units?.[name];
    return declared === undefined
      ? unitSuffix(name, quantity)?.unit
      : unitOf(quantity, declared, { file: sheet.file, line: 1, column: name });
  };
  const chosen = options.columns?.[metric];
  if (chosen !== undefined) {
    return { index: requireColumn(sheet, chosen, `columns.${metric}`), name: chosen, unit: unitFor(chosen) };
  }
  const found = sheet.names.flatMap((name, index) => {
    const stem = plainName(unitSuffix(name, quantity)?.stem ?? name);
    return METRIC_COLUMNS[metric].includes(stem) ? [{ index, name, unit: unitFor(name) }] : [];
  });
  if (found.length > 1) {
    throw new Token2MetricsError(
      'token2metrics/ambiguous-column',
      `${metric}: several columns could be it, say which with columns.${metric}; got ${found.map(({ name }) => name).join(', ')}`,
      { file: sheet.file, line: 1, column: metric, value: found.map(({ name }) => name) },
    );
  }
  return found[0];
};
