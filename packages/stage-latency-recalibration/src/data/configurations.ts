import { meanOf, medianOf } from '@stepclock/numerics';
import { type StageTable, takeKnobRows } from './stage-table.js';

/**
 * A row's knobs as one text, also across tables. Rows of one key look the same to a model, whatever the length of their answers: they
 * must never stand on both sides of a split.
 */
export const knobKeys = (table: Pick<StageTable, 'length' | 'knobs'>): string[] =>
  Array.from({ length: table.length }, (_, i) =>
    table.knobs
      .map((knob) => {
        const value = knob.values[i];
        return `${knob.name}=${knob.kind === 'numeric' ? value : knob.levels[value]}`;
      })
      .join('|'),
  );

/** Knobs and decode steps: rows of one key are repeats of one measurement. */
export const configurationKeys = (table: Pick<StageTable, 'length' | 'knobs' | 'decodeSteps'>): string[] =>
  knobKeys(table).map((key, i) => `${key}|${table.decodeSteps[i]}`);

/** Rows by key, in the order in which keys first appear. */
export const rowsByKey = (keys: readonly string[]): number[][] => {
  const groups = new Map<string, number[]>();
  keys.forEach((key, row) => {
    const rows = groups.get(key);
    if (rows === undefined) groups.set(key, [row]);
    else rows.push(row);
  });
  return [...groups.values()];
};

/**
 * Repeats of one configuration become one row, the median of each stage: everything after this splits by configuration, so that no
 * repeat of a test configuration is ever trained on. Rows come in the order in which their configurations first appear.
 */
export const mergeRepeats = (table: StageTable): StageTable => {
  const members = rowsByKey(configurationKeys(table));
  const spreads = members.filter((rows) => rows.length > 1).map((rows) => table.stagesMs.map((c) => spread(c, rows)));
  return {
    ...table,
    ...takeKnobRows(
      table,
      members.map(([first = 0]) => first),
    ),
    stagesMs: table.stagesMs.map((column) =>
      Float64Array.from(members, (rows) => medianOf(rows.map((row) => column[row]))),
    ),
    repeats: Uint32Array.from(members, (rows) => rows.reduce((sum, row) => sum + table.repeats[row], 0)),
    noisePercent: spreads.length === 0 ? table.noisePercent : 100 * medianOf(spreads.flat()),
  };
};

/** Relative standard deviation of one measurement among repeats. */
const spread = (column: Float64Array, rows: readonly number[]): number => {
  const values = rows.map((row) => column[row]);
  const mean = meanOf(values);
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1);
  return Math.sqrt(variance) / mean;
};
