import { type Measurements, runDurations } from '../table/measurements.js';
import { sharedPowerRows } from '../table/shared-power.js';
import type { Finding } from './finding.js';

/** What is wrong with power and energy: rows without it, one value for many rows, windows that the meter cannot resolve. */
export const powerRows = (table: Measurements, samplePeriodSec: number): Finding[] => {
  const findings: Finding[] = [];
  const { power, energy } = table.values;
  for (const [code, column, name] of [
    ['rows-without-power', power, 'power'],
    ['rows-without-energy', energy, 'energy'],
  ] as const) {
    if (!column) continue;
    const rows = Int32Array.from(column.keys()).filter((row) => !(column[row] > 0));
    // A column that is empty throughout was not measured at all.
    if (rows.length === 0 || rows.length === table.length) continue;
    findings.push({
      code,
      metric: name,
      count: rows.length,
      rows,
      message: `${rows.length} of ${table.length} rows have no ${name}: the ${name} model is trained on the others (${linesOf(table, rows)})`,
      droppable: false,
    });
  }
  const shared = sharedPowerRows(table);
  if (shared.length > 0) {
    findings.push({
      code: 'shared-power',
      metric: 'power',
      count: shared.length,
      rows: shared,
      message:
        `${shared.length} rows carry the mean power of their run, not their own: how power depends on the tokens of a request cannot be learnt from them, ` +
        'and an energy computed from it is that mean times the time',
      droppable: false,
    });
  }
  const short = shortWindows(table, samplePeriodSec, new Set(shared));
  if (short.length > 0) {
    findings.push({
      code: 'short-power-window',
      metric: power ? 'power' : 'energy',
      count: short.length,
      rows: short,
      message:
        `${short.length} row(s) ran shorter than the ${samplePeriodSec} s between power samples: what the meter read is mostly the idle device ` +
        `before them, so their power and energy are too low (${linesOf(table, short)})`,
      droppable: true,
    });
  }
  return findings;
};

/** A mean over a whole run has a window of its own: those rows are left to `shared-power`. */
const shortWindows = (table: Measurements, samplePeriodSec: number, shared: ReadonlySet<number>): Int32Array => {
  const metered = table.values.power ?? table.values.energy;
  const duration = runDurations(table);
  if (!metered || !duration) return new Int32Array(0);
  return Int32Array.from(metered.keys()).filter(
    (row) => metered[row] > 0 && duration[row] > 0 && duration[row] < samplePeriodSec && !shared.has(row),
  );
};

const SHOWN = 3;

const linesOf = (table: Measurements, rows: Int32Array): string => {
  const lines = [...rows.slice(0, SHOWN)].map((row) => table.line[row]);
  return `line${rows.length === 1 ? '' : 's'} ${lines.join(', ')}${rows.length > SHOWN ? ', ...' : ''}`;
};
