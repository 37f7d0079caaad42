import { seededRandom, shuffled } from '@stepclock/numerics';
import { checkFinite } from '../data/feature-table.js';
import { RegressionError } from '../regression-error.js';

/** Row numbers to train on and to test on; they share no row. */
export interface Split {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

export interface KFoldOptions {
  /** At least 2, at most one a row (or a group). */
  readonly folds: number;
  /** Default 42. */
  readonly seed?: number;
  /** Default true; false cuts the rows as they stand. */
  readonly shuffle?: boolean;
}

const checkFolds = (folds: number, units: number, what: string): void => {
  if (!(Number.isSafeInteger(folds) && folds >= 2 && folds <= units)) {
    throw new RegressionError(
      'regression/bad-option',
      `folds: must be a whole number from 2 to the number of ${what} (${units}); got ${folds}`,
      { feature: 'folds', value: folds, expected: `2 to ${units}` },
    );
  }
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
 * @throws RegressionError `regression/bad-option`
 *
 * @example
 * kFoldSplits(10, { folds: 5, seed: 42 }).map((s) => s.test.length) // => [2, 2, 2, 2, 2]
 */
export const kFoldSplits = (rows: number, { folds, seed = 42, shuffle = true }: KFoldOptions): Split[] => {
  checkFolds(folds, rows, 'rows');
  const order = shuffle ? shuffled(rows, seededRandom(seed, 'k-fold')) : undefined;
  const foldOf = new Uint32Array(rows);
  for (let position = 0; position < rows; position++) {
    foldOf[order === undefined ? position : order[position]] = foldOfPosition(position, rows, folds);
  }
  return splitsOf(foldOf, folds);
};

/**
 * k-fold over groups: the rows of one group (a request, a device, a run) are never on both sides. Groups are dealt in a seeded random
 * order, each to the fold with the fewest rows so far.
 *
 * @param groups the group of each row, by any name
 */
export const groupedSplits = (
  groups: ArrayLike<string | number>,
  { folds, seed = 42, shuffle = true }: KFoldOptions,
): Split[] => {
  const rowsOf = new Map<string | number, number[]>();
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i];
    const rows = rowsOf.get(group);
    if (rows === undefined) rowsOf.set(group, [i]);
    else rows.push(i);
  }
  checkFolds(folds, rowsOf.size, 'groups');
  const members = [...rowsOf.values()];
  const order = shuffle ? shuffled(members.length, seededRandom(seed, 'grouped')) : members.keys();
  const sizes = new Uint32Array(folds);
  const foldOf = new Uint32Array(groups.length);
  for (const g of order) {
    const fold = sizes.indexOf(Math.min(...sizes));
    for (const row of members[g] ?? []) foldOf[row] = fold;
    sizes[fold] = sizes[fold] + (members[g]?.length ?? 0);
  }
  return splitsOf(foldOf, folds);
};

/**
 * Time-blocked splits: the rows in order of time, cut into `folds + 1` runs; fold `k` trains on the first `k + 1` runs and tests on the
 * next one, so nothing is predicted from its own future. Rows of equal time keep their order.
 *
 * @param times one a row, finite, any unit
 * @param gap rows between training and test that are left out, since neighbours in time resemble each other; default 0
 */
export const timeBlockedSplits = (
  times: Float64Array,
  { folds, gap = 0 }: { readonly folds: number; readonly gap?: number },
): Split[] => {
  checkFolds(folds, times.length - 1, 'rows but one');
  if (!(Number.isSafeInteger(gap) && gap >= 0)) {
    throw new RegressionError('regression/bad-option', `gap: must be a whole number from 0; got ${gap}`, {
      feature: 'gap',
      value: gap,
      expected: 'a whole number from 0',
    });
  }
  checkFinite('times', times);
  const order = Uint32Array.from({ length: times.length }, (_, i) => i);
  order.sort((a, b) => times[a] - times[b] || a - b);
  const cuts: number[] = [];
  for (let position = 0, fold = -1; position < order.length; position++) {
    const next = foldOfPosition(position, order.length, folds + 1);
    if (next !== fold) cuts.push(position);
    fold = next;
  }
  cuts.push(order.length);
  return Array.from({ length: folds }, (_, k) => {
    const from = cuts[k + 1];
    const train = order.slice(0, Math.max(0, from - gap));
    if (train.length === 0) {
      throw new RegressionError(
        'regression/bad-option',
        `gap: must leave training rows before the first test block (${from} rows); got ${gap}`,
        { feature: 'gap', value: gap, expected: `below ${from}` },
      );
    }
    return { train, test: order.slice(from, cuts[k + 2]) };
  });
};

/**
 * One random split.
 *
 * @param testFraction share of the rows to test on, above 0 and below 1; rounded up to a row
 */
export const trainTestSplit = (rows: number, testFraction = 0.2, seed = 42): Split => {
  const tests = Math.ceil(rows * testFraction);
  if (!(testFraction > 0 && tests < rows)) {
    throw new RegressionError(
      'regression/bad-option',
      `testFraction: must leave rows on both sides of ${rows}; got ${testFraction}`,
      { feature: 'testFraction', value: testFraction, expected: 'above 0 and below 1' },
    );
  }
  const order = shuffled(rows, seededRandom(seed, 'train-test'));
  return { train: order.slice(tests).sort(), test: order.slice(0, tests).sort() };
};
