import { didYouMean } from '@stepclock/faults';
import { fault } from '../fault.js';
import {
  BATCH_COLUMN,
  columnCalled,
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
  readonly input: number | undefined;
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
 * @throws Fault `token2metrics/missing-column`, `token2metrics/ambiguous-column`, `token2metrics/unknown-unit`
 */
export const mapColumns = (sheet: Sheet, options: ColumnOptions): ColumnMap => {
  const find = (called: readonly string[]) => columnCalled(sheet, called);
  for (const name of Object.keys(options.units ?? {})) requireColumn(sheet, name, 'units');
  const metrics: Partial<Record<Metric, MetricColumn>> = {};
  for (const metric of METRICS) {
    const column = metricColumn(sheet, metric, options);
    if (column) metrics[metric] = column;
  }
  const [input, output] = [find(INPUT_TOKENS), find(OUTPUT_TOKENS)];
  return {
    input,
    output,
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
  throw fault('missing-column', {
    what: option,
    rule: `must name a column of ${sheet.names.join(', ')}`,
    value: name,
    file: sheet.file,
    line: 1,
    ...didYouMean(name, sheet.names),
  });
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
    throw fault('ambiguous-column', {
      what: metric,
      rule: `must stand in one column: say which with columns.${metric}`,
      value: found.map(({ name }) => name).join(', '),
      file: sheet.file,
      line: 1,
    });
  }
  return found[0];
};
