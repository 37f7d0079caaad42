import { listed } from '@stepclock/faults';
import { median } from 'd3-array';
import type { Metric } from '../table/metric.js';
import type { Sheet } from '../table/sheet.js';
import type { Finding } from './finding.js';

/** Repeats of one request on one device scatter by less, as the largest over the smallest. */
const SCATTER = 1.3;
/** A column of more values than this is a name or a measurement, not a kind of machine. */
const MOST_LEVELS = 20;
/** Fewer settings that repeat show a device that stalled once, unless a column tells the repeats apart. */
const LEAST_REPEATED = 3;
/** A column tells the groups apart if within it so much of the scatter is left at most. */
const LEFT = 0.5;

/** One measured time of the rows of a model, and their token counts. */
interface Repeats {
  readonly sheet: Sheet;
  /** Rows of the sheet. */
  readonly rows: readonly number[];
  readonly metric: Metric;
  readonly values: Float64Array;
  readonly tokens: readonly (Float64Array | undefined)[];
  /** Columns that are read as something else. */
  readonly used: readonly (number | undefined)[];
}

/** Whether rows of equal token counts are of several devices or engines: they scatter far beyond noise, and a column tells them apart. */
export const mixedRepeats = ({ sheet, rows, metric, values, tokens, used }: Repeats): Finding[] => {
  const keys = rows.map((_, k) => tokens.map((column) => column?.[k] ?? '').join());
  const scatter = scatterOf(keys, values);
  if (scatter === undefined || scatter < SCATTER) return [];
  const columns = sheet.names.flatMap((name, column) => {
    if (used.includes(column)) return [];
    const cells = rows.map((row) => sheet.cell(row, column).trim());
    const levels = new Set(cells).size;
    // A number of its own for every row tells nothing.
    if (levels < 2 || levels > MOST_LEVELS || levels === rows.length) return [];
    const within = scatterOf(
      keys.map((key, k) => `${key} ${cells[k]}`),
      values,
    );
    return within === undefined || Math.log(within) > LEFT * Math.log(scatter) ? [] : [name];
  });
  if (columns.length === 0 && repeatedOf(keys) < LEAST_REPEATED) return [];
  const why =
    columns.length > 0
      ? `${listed(columns, 4)} differ${columns.length === 1 ? 's' : ''} between them: rows of several devices or engines are no repeats, filter the file by it`
      : 'no column tells them apart';
  return [
    {
      code: 'mixed-repeats',
      metric,
      count: rows.length,
      rows: new Int32Array(0),
      message: `rows of equal token counts differ by a factor of ${scatter.toPrecision(3)} in ${metric} by the median: ${why}`,
      droppable: false,
    },
  ];
};

const repeatedOf = (keys: readonly string[]): number => {
  const rows = new Map<string, number>();
  for (const key of keys) rows.set(key, (rows.get(key) ?? 0) + 1);
  return [...rows.values()].filter((count) => count > 1).length;
};

/** Median over the keys that repeat of the largest over the smallest value; 1 where nothing repeats any more, undefined where there is no value. */
const scatterOf = (keys: readonly string[], values: Float64Array): number | undefined => {
  const ends = new Map<string, { low: number; high: number; rows: number }>();
  keys.forEach((key, k) => {
    if (!(values[k] > 0)) return;
    const { low, high, rows } = ends.get(key) ?? { low: values[k], high: values[k], rows: 0 };
    ends.set(key, { low: Math.min(low, values[k]), high: Math.max(high, values[k]), rows: rows + 1 });
  });
  if (ends.size === 0) return undefined;
  const repeated = [...ends.values()].filter(({ rows }) => rows > 1);
  return median(repeated, ({ low, high }) => high / low) ?? 1;
};
