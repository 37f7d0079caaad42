import { fault } from '../fault.js';
import { plainName } from './column-names.js';
import { readSheets, type Sheet } from './sheet.js';
import { unitOf, unitSuffix } from './units.js';

/** Samples of a power meter in the order of time, run by run. */
export interface PowerRun {
  readonly model: string;
  readonly name: string;
  readonly elapsedSec: Float64Array;
  readonly powerW: Float64Array;
  /** Utilisation of the device where it was sampled too, 0 to 100. */
  readonly usagePercent?: Float64Array;
}

const RUN = ['run', 'run_id'];
const MODEL = ['model', 'model_name'];
const ELAPSED = ['elapsed', 'time', 't'];
const POWER = ['power', 'gpu_soc_power', 'gpu_power', 'total_power', 'rail_power'];
const USAGE = ['gpu_usage_pct', 'gpu_usage', 'usage_pct', 'utilization', 'gpu_utilization'];

/**
 * Power samples from CSV: `run`, `elapsed_s`, a power column with its unit (`gpu_soc_power_w`), optionally `model` and `gpu_usage_pct`.
 *
 * @throws Fault `missing-column`, `bad-number`, `no-rows`
 */
export const loadPowerSamples = async (bytes: Uint8Array, file = '<input>'): Promise<PowerRun[]> => {
  const [sheet] = await readSheets(bytes, file);
  if (!sheet) throw fault('no-rows', { what: 'file', rule: 'must have at least one row', file });
  const elapsed = columnWithUnit(sheet, ELAPSED, 'time');
  const power = columnWithUnit(sheet, POWER, 'power');
  const at = (names: readonly string[]) => sheet.names.findIndex((name) => names.includes(plainName(name)));
  const [run, model, usage] = [at(RUN), at(MODEL), at(USAGE)];
  const rowsOf = new Map<string, { readonly model: string; readonly name: string; readonly rows: number[] }>();
  for (let row = 0; row < sheet.length; row++) {
    const name = run < 0 ? '' : sheet.cell(row, run);
    const of = model < 0 ? '' : sheet.cell(row, model);
    const key = JSON.stringify([of, name]);
    const known = rowsOf.get(key) ?? { model: of, name, rows: [] };
    known.rows.push(row);
    rowsOf.set(key, known);
  }
  return [...rowsOf.values()].map(({ model: of, name, rows }) => {
    const read = (column: number, factor: number) =>
      Float64Array.from(rows, (row) => factor * sampleAt(sheet, row, column));
    return {
      model: of,
      name,
      elapsedSec: read(elapsed.index, elapsed.factor),
      powerW: read(power.index, power.factor),
      ...(usage < 0 ? {} : { usagePercent: read(usage, 1) }),
    };
  });
};

/** Whether a header is that of power samples rather than of requests. */
export const looksLikePowerSamples = (names: readonly string[]): boolean =>
  names.some((name) => ELAPSED.includes(plainName(unitSuffix(name, 'time')?.stem ?? ''))) &&
  names.some((name) => POWER.includes(plainName(unitSuffix(name, 'power')?.stem ?? '')));

const columnWithUnit = (sheet: Sheet, stems: readonly string[], quantity: 'time' | 'power') => {
  for (const [index, name] of sheet.names.entries()) {
    const suffix = unitSuffix(name, quantity);
    if (suffix && stems.includes(plainName(suffix.stem)))
      return { index, factor: unitOf(quantity, suffix.unit.name).factor };
  }
  throw fault('missing-column', {
    what: stems[0],
    rule: `must stand in a column such as ${stems[0]}_${quantity === 'time' ? 's' : 'w'}`,
    value: sheet.names.join(', '),
    file: sheet.file,
    line: 1,
  });
};

const sampleAt = (sheet: Sheet, row: number, column: number): number => {
  const text = sheet.cell(row, column).trim();
  const value = text === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw fault('bad-number', {
    what: sheet.names[column],
    rule: 'must be a number',
    value: text,
    file: sheet.file,
    line: sheet.line(row),
  });
};
