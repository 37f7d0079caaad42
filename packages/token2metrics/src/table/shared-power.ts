import type { Measurements } from './measurements.js';

/** Rows in one run that repeat one power before it counts as the run's mean. */
const SHARED_ROWS = 5;

/** Rows that carry the mean power of their run, not their own. */
export const sharedPowerRows = (table: Measurements): Int32Array => {
  const { power } = table.values;
  const runs = table.groupNames.map(() => ({ rows: [] as number[], values: new Set<number>() }));
  power?.forEach((value, row) => {
    const run = runs[table.group[row]];
    if (!run || !(value > 0)) return;
    run.rows.push(row);
    run.values.add(value);
  });
  return Int32Array.from(
    runs.flatMap(({ rows, values }) => (values.size === 1 && rows.length >= SHARED_ROWS ? rows : [])),
  ).sort();
};
