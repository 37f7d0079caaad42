import { countSettings, FOLDS, foldsOf, settingsOf } from '../table/settings.js';
import type { MetricRows } from './training-rows.js';

/** A way to leave rows out: whole units of what a new request may differ in. */
export interface Folding {
  /** How the rows were held out, in words. */
  readonly scheme: string;
  /** Number of the unit of each row: a setting, a level of one token count, a run. */
  readonly unit: Int32Array;
  /** Fold of each row, from 0. */
  readonly folds: Int32Array;
}

/** A count that settings share so many times on average stands on a grid: a row left out still has its own level among the others. */
const SHARED = 1.5;
/** Of more levels than this, one left out lies as close to its neighbours as a setting does. */
const MOST_LEVELS = 100;

/**
 * Every way in which these rows must be held out for the errors to be those of a new request: by the largest units in which they come. Where settings share
 * the levels of a token count (a grid), by level, since a tree knows a level by heart from the other settings on it; where there are runs of several settings
 * (subjects), by run, whose rows err alike; else by setting.
 */
export const foldingsOf = (rows: MetricRows, seed: number | undefined): readonly Folding[] => {
  const units = [
    ...rows.tokens.names.flatMap((name, j) => byLevel(rows, name, rows.tokens.columns[j])),
    ...byRun(rows, seed),
  ];
  return units.length > 0 ? units : [bySetting(rows, seed)];
};

const schemeOf = (count: number, what: string): string =>
  count < FOLDS ? `one of ${count} ${what} left out` : `${FOLDS} folds of ${count} ${what}`;

const bySetting = ({ setting }: MetricRows, seed: number | undefined): Folding => ({
  scheme: schemeOf(countSettings(setting), 'settings'),
  unit: setting,
  folds: foldsOf(setting, seed),
});

/** Neighbours are dealt to different folds, so that each is asked between two others. */
const byLevel = ({ setting }: MetricRows, name: string, column: Float64Array): readonly Folding[] => {
  const levels = [...new Set(column)].sort((a, b) => a - b);
  const isGrid = levels.length >= FOLDS && levels.length <= MOST_LEVELS && sharedBy(setting, levels.length);
  if (!isGrid) return [];
  const numberOf = new Map(levels.map((level, k) => [level, k]));
  const unit = Int32Array.from(column, (level) => numberOf.get(level) ?? 0);
  return [{ scheme: schemeOf(levels.length, `levels of ${name}`), unit, folds: unit.map((k) => k % FOLDS) }];
};

const byRun = ({ setting, run, tokens }: MetricRows, seed: number | undefined): readonly Folding[] => {
  const runs = countSettings(run);
  if (runs < FOLDS || !sharedBy(settingsOf(tokens), runs) || sameUnits(run, setting)) return [];
  return [{ scheme: schemeOf(runs, 'runs'), unit: run, folds: foldsOf(run, seed) }];
};

const sharedBy = (setting: Int32Array, units: number): boolean => countSettings(setting) >= SHARED * units;

const sameUnits = (a: Int32Array, b: Int32Array): boolean =>
  countSettings(Int32Array.from(a, (value, k) => value * a.length + b[k])) === countSettings(b) &&
  countSettings(a) === countSettings(b);
