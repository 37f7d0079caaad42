import { listed } from '@stepclock/faults';
import type { TidyTable } from '@stepclock/trace-io';
import type { StageWarning } from '../stage-fault.js';
import { configurationKeys, rowsByKey } from './configurations.js';
import type { StageTable } from './stage-table.js';

/** Repeats of one measurement scatter by less; two GPUs merged scatter by more. */
const SCATTER_PERCENT = 5;
/** A column of more texts than this is a name or a note, not a kind of machine. */
const MOST_LEVELS = 20;

/**
 * Whether what was merged as repeats may be measurements of several things: they scatter, and a column of texts differs within a
 * configuration, so it was neither a knob nor filtered by.
 *
 * @param rows of the file, those of `single` in their order
 * @param single a row each, before repeats were merged
 * @param noisePercent what they scatter by
 */
export const mixedRepeatsWarnings = (
  table: TidyTable,
  rows: readonly number[],
  single: StageTable,
  noisePercent: number | null,
): StageWarning[] => {
  if (noisePercent === null || !(noisePercent > SCATTER_PERCENT)) return [];
  const repeats = rowsByKey(configurationKeys(single)).map((group) => group.map((i) => rows[i]));
  const told = table.names.flatMap((name, column) => {
    const levels = new Set<string>();
    let differ = false;
    for (const group of repeats) {
      const [first = 0] = group;
      const here = table.cell(first, column).trim();
      for (const row of group) {
        const text = table.cell(row, column).trim();
        if (text === '' || !Number.isNaN(Number(text))) return [];
        levels.add(text);
        differ ||= text !== here;
      }
      if (levels.size > MOST_LEVELS) return [];
    }
    return differ ? [`${name} (${listed([...levels].sort(), 4)})`] : [];
  });
  if (told.length === 0) return [];
  return [
    {
      code: 'mixed-repeats',
      message: `repeats of a configuration scatter by ${noisePercent.toFixed(0)} % (median) and differ in ${listed(told)}: filter by it or make it a knob, unless these are repeats of one measurement`,
    },
  ];
};
