import { seededRandom, shuffled } from '@stepclock/numerics';
import type { FeatureTable } from '../data/feature-table.js';
import { fault } from '../fault.js';

/** Row numbers to train on and to test on; they share no row. */
export interface Split {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

export interface KFoldOptions {
  /** At least 2. At most one a row; more than there are groups are one a group. */
  readonly folds: number;
  /** Default 42. */
  readonly seed?: number;
  /** Default true; false cuts the rows as they stand. */
  readonly shuffle?: boolean;
}

const checkFolds = (folds: number, units: number, what: string, most: number): void => {
  if (Number.isSafeInteger(folds) && folds >= 2 && folds <= most && units >= 2) return;
  const rule = `must be a whole number from 2${most === units ? ` to the number of ${what} (${units})` : ''}`;
  throw fault(
    'regression/bad-option',
    units < 2 ? { what, rule: 'must be at least 2 to split', value: units } : { what: 'folds', rule, value: folds },
  );
};

/** Splits where row `i` is tested in fold `foldOf[i]`; rows keep their order. */
const splitsOf = (foldOf: Uint32Array, folds: number): Split[] => {
  const sizes = new Uint32Array(folds);
  for (const fold of foldOf) sizes[fold] = sizes[fold] + 1;
  return Array.from({ length: folds }, (_, fold) => {
    const test = new Uint32Array(sizes[fold]);
    const train = new Uint32Array(foldOf.length - test.length);
    let atTest = 0;
    let atTrain = 0;
    for (let i = 0; i < foldOf.length; i++) {
      if (foldOf[i] === fold) test[atTest++] = i;
      else train[atTrain++] = i;
    }
    return { train, test };
  });
};

/** First positions of `folds` runs over `n`: the first `n % folds` runs are one longer. */
const foldOfPosition = (position: number, n: number, folds: number): number => {
  const short = Math.floor(n / folds);
  const long = n % folds;
  const inLong = long * (short + 1);
  return position < inLong ? Math.floor(position / (short + 1)) : long + Math.floor((position - inLong) / short);
};

/**
 * k-fold cross-validation: every row is tested once, in folds of equal size up to one row.
 *
 * @param rows how many rows
 * @throws Fault `regression/bad-option`
 *
 * @example
 * kFoldSplits(10, { folds: 5, seed: 42 }).map((s) => s.test.length) // => [2, 2, 2, 2, 2]
 */
export const kFoldSplits = (rows: number, { folds, seed = 42, shuffle = true }: KFoldOptions): Split[] => {
  checkFolds(folds, rows, 'rows', rows);
  const order = shuffle ? shuffled(rows, seededRandom(seed, 'k-fold')) : undefined;
  const foldOf = new Uint32Array(rows);
  for (let position = 0; position < rows; position++) {
    foldOf[order === undefined ? position : order[position]] = foldOfPosition(position, rows, folds);
  }
  return splitsOf(foldOf, folds);
};

/**
 * The setting of each row: rows that agree in every feature have the same number, counted from 0 in order of appearance. Repeats of one
 * setting on both sides of a split make any model look good: give these to {@link groupedSplits}.
 *
 * @example
 * settingsOf(featuresOf({ batch: [1, 2, 1], tokens: [8, 8, 8] })) // => [0, 1, 0]
 */
export const settingsOf = ({ columns, length }: FeatureTable): Uint32Array => {
  const numbers = new Map<string, number>();
  const settings = new Uint32Array(length);
  for (let row = 0; row < length; row++) {
    const key = columns.map((column) => column[row]).join();
    const setting = numbers.get(key) ?? numbers.size;
    numbers.set(key, setting);
    settings[row] = setting;
  }
  return settings;
};

/**
 * k-fold over groups: the rows of one group (a setting, a request, a device) are never on both sides. Groups are dealt in a seeded random
 * order, each to the fold with the fewest rows so far. Where there are fewer groups than folds, each group is a fold: leave one group out.
 *
 * @param groups the group of each row, by any name; two different ones at least
 * @throws Fault `regression/bad-option`
 */
export const groupedSplits = (
  groups: ArrayLike<string | number>,
  { folds, seed = 42, shuffle = true }: KFoldOptions,
): Split[] => {
  const rowsOf = new Map<string | number, number[]>();
  for (let i = 0; i < groups.length; i++) {
    const rows = rowsOf.get(groups[i]);
    if (rows === undefined) rowsOf.set(groups[i], [i]);
    else rows.push(i);
  }
  checkFolds(folds, rowsOf.size, 'groups', Number.POSITIVE_INFINITY);
  const members = [...rowsOf.values()];
  const order = shuffle ? shuffled(members.length, seededRandom(seed, 'grouped')) : members.keys();
  const sizes = new Uint32Array(Math.min(folds, members.length));
  const foldOf = new Uint32Array(groups.length);
  for (const g of order) {
    const fold = sizes.indexOf(Math.min(...sizes));
    for (const row of members[g]) foldOf[row] = fold;
    sizes[fold] += members[g].length;
  }
  return splitsOf(foldOf, sizes.length);
};

/**
 * One random split.
 *
 * @param testFraction share of the rows to test on, above 0 and below 1; rounded up to a row
 */
export const trainTestSplit = (rows: number, testFraction = 0.2, seed = 42): Split => {
  const tests = Math.ceil(rows * testFraction);
  if (!(testFraction > 0 && tests < rows)) {
    const rule = `must leave rows on both sides of ${rows}`;
    throw fault('regression/bad-option', { what: 'testFraction', rule, value: testFraction });
  }
  const order = shuffled(rows, seededRandom(seed, 'train-test'));
  return { train: order.slice(tests).sort(), test: order.slice(0, tests).sort() };
};
