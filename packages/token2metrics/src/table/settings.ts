import { seededRandom, shuffled } from '@stepclock/numerics';
import type { FeatureTable } from '@stepclock/regression';

/**
 * Number of the setting of each row. Rows of one setting are repeats: what one of them teaches, the others are told. Numbers follow the sorted names, so that
 * the order of the rows changes nothing.
 *
 * @param tokens the token counts, which make a setting; @param run a number to be used instead, where whole runs share one measured value
 */
export const settingsOf = (tokens: FeatureTable, run?: Int32Array): Int32Array => {
  const keys = Array.from({ length: tokens.length }, (_, i) =>
    run ? [run[i]] : tokens.columns.map((column) => column[i]),
  );
  const order = [...keys].sort((a, b) => a.reduce((sign, value, j) => sign || value - b[j], 0));
  const known = new Map<string, number>();
  for (const key of order) if (!known.has(key.join())) known.set(key.join(), known.size);
  return Int32Array.from(keys, (key) => known.get(key.join()) ?? 0);
};

/** Folds, where there are settings enough; below that every setting is a fold. */
export const FOLDS = 5;

/** How many different settings there are. */
export const countSettings = (setting: Int32Array): number => new Set(setting).size;

/**
 * The fold of each row: whole settings, shuffled by seed, each dealt to the fold with the fewest rows.
 *
 * @returns folds from 0; with a single setting one fold only, which holds out everything
 */
export const foldsOf = (setting: Int32Array, seed = 0, most = FOLDS): Int32Array => {
  const settings = [...new Set(setting)].sort((a, b) => a - b);
  const rowsOf = new Map<number, number>();
  for (const number of setting) rowsOf.set(number, (rowsOf.get(number) ?? 0) + 1);
  const sizes = new Array<number>(Math.min(most, settings.length)).fill(0);
  const foldOf = new Map<number, number>();
  for (const at of shuffled(settings.length, seededRandom(seed, 'folds of settings'))) {
    const fold = sizes.indexOf(Math.min(...sizes));
    foldOf.set(settings[at], fold);
    sizes[fold] += rowsOf.get(settings[at]) ?? 0;
  }
  return Int32Array.from(setting, (number) => foldOf.get(number) ?? 0);
};
