import { describe, expect, it } from 'vitest';
import { featuresOf, groupedSplits, kFoldSplits, type Split, settingsOf, trainTestSplit } from '../src/index.js';
import { refusalOf } from './refusal.js';

const rowsOf = (splits: readonly Split[]) => splits.map(({ train, test }) => ({ train: [...train], test: [...test] }));

describe('kFoldSplits', () => {
  it('cuts rows as they stand when told: the first folds are one longer, as scikit-learn has it', () => {
    expect(rowsOf(kFoldSplits(7, { folds: 3, shuffle: false }))).toEqual([
      { train: [3, 4, 5, 6], test: [0, 1, 2] },
      { train: [0, 1, 2, 5, 6], test: [3, 4] },
      { train: [0, 1, 2, 3, 4], test: [5, 6] },
    ]);
  });

  it('shuffles unless told otherwise, by the seed, which is 42 unless told otherwise', () => {
    const plain = kFoldSplits(40, { folds: 4 });
    expect(plain).toEqual(kFoldSplits(40, { folds: 4, seed: 42, shuffle: true }));
    expect(plain).not.toEqual(kFoldSplits(40, { folds: 4, seed: 43 }));
    expect(plain).not.toEqual(kFoldSplits(40, { folds: 4, shuffle: false }));
    for (const { train, test } of plain) {
      expect([...test]).toEqual([...test].sort((a, b) => a - b));
      expect([...train, ...test].sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i));
    }
  });

  it('takes from 2 folds to one a row', () => {
    expect(kFoldSplits(3, { folds: 3 })).toHaveLength(3);
    expect(kFoldSplits(3, { folds: 2 })).toHaveLength(2);
    for (const folds of [1, 4, 2.5, Number.NaN]) {
      expect(refusalOf(() => kFoldSplits(3, { folds }))).toMatchObject({
        code: 'regression/bad-option',
        message: `folds: must be a whole number from 2 to the number of rows (3); got ${folds}`,
        what: 'folds',
        value: folds,
      });
    }
  });
});

describe('groupedSplits', () => {
  it('deals groups in their order when told, each to the fold with the fewest rows so far', () => {
    // a (3 rows) to fold 0, b (1) to fold 1, c (1) to fold 1, d (2) to fold 1, e (1) to fold 0.
    const groups = ['a', 'a', 'b', 'a', 'c', 'd', 'd', 'e'];
    expect(rowsOf(groupedSplits(groups, { folds: 2, shuffle: false }))).toEqual([
      { train: [2, 4, 5, 6], test: [0, 1, 3, 7] },
      { train: [0, 1, 3, 7], test: [2, 4, 5, 6] },
    ]);
  });

  it('tests every row once, groups whole, by the seed, which is 42 unless told otherwise', () => {
    const groups = Array.from({ length: 60 }, (_, i) => i % 20);
    const plain = groupedSplits(groups, { folds: 4 });
    expect(plain).toEqual(groupedSplits(groups, { folds: 4, seed: 42 }));
    expect(plain).not.toEqual(groupedSplits(groups, { folds: 4, seed: 1 }));
    expect(plain).not.toEqual(groupedSplits(groups, { folds: 4, shuffle: false }));
    expect(plain.flatMap(({ test }) => [...test]).sort((a, b) => a - b)).toEqual([...groups.keys()]);
    for (const { test } of plain) {
      expect(test).toHaveLength(15);
      expect(new Set([...test].map((row) => row % 20)).size).toBe(5);
    }
  });

  it('leaves one group out where there are fewer groups than folds', () => {
    for (const folds of [3, 5, 1000]) {
      const splits = groupedSplits([7, 7, 8, 9, 8], { folds });
      expect(splits.map(({ test }) => [...test].join()).sort()).toEqual(['0,1', '2,4', '3']);
    }
  });

  it('does not follow a period of the rows: every fold has seen every half of a sweep', () => {
    // Ten settings in a sweep of period five, three repeats each.
    const groups = Array.from({ length: 30 }, (_, i) => i % 10);
    const parities = groupedSplits(groups, { folds: 5, seed: 3 }).map(
      ({ test }) => new Set([...test].map((i) => i % 5)),
    );
    expect(parities.some((seen) => seen.size > 1)).toBe(true);
  });

  it('needs two groups, and two folds', () => {
    expect(refusalOf(() => groupedSplits([7, 7], { folds: 3 }))).toMatchObject({
      code: 'regression/bad-option',
      message: 'groups: must be at least 2 to split; got 1',
    });
    for (const folds of [1, 2.5, Number.NaN]) {
      expect(refusalOf(() => groupedSplits([7, 8, 9], { folds })).message).toBe(
        `folds: must be a whole number from 2; got ${folds}`,
      );
    }
  });
});

describe('settingsOf', () => {
  it('numbers rows that agree in every feature alike, in order of appearance', () => {
    const table = featuresOf({ batch: [1, 2, 1, 1, 2], tokens: [8, 8, 8, 9, 8] });
    expect([...settingsOf(table)]).toEqual([0, 1, 0, 2, 1]);
    // 1, 23 is not 12, 3.
    expect([...settingsOf(featuresOf({ a: [1, 12], b: [23, 3] }))]).toEqual([0, 1]);
  });
});

describe('trainTestSplit', () => {
  it('tests a share of the rows, rounded up, both sides in order', () => {
    const { train, test } = trainTestSplit(30, 0.21, 3);
    expect([train.length, test.length]).toEqual([23, 7]);
    expect([...train]).toEqual([...train].sort((a, b) => a - b));
    expect([...test]).toEqual([...test].sort((a, b) => a - b));
    expect([...train, ...test].sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });

  it('holds back a fifth by seed 42 unless told otherwise', () => {
    expect(trainTestSplit(50)).toEqual(trainTestSplit(50, 0.2, 42));
    expect(trainTestSplit(50)).not.toEqual(trainTestSplit(50, 0.2, 41));
  });

  it('leaves a row on either side, or refuses', () => {
    expect(trainTestSplit(2, 0.5).test).toHaveLength(1);
    expect(trainTestSplit(10, 1e-9).test).toHaveLength(1);
    expect(trainTestSplit(10, 0.9).train).toHaveLength(1);
    for (const [rows, share] of [
      [10, 0],
      [10, -0.1],
      [10, 0.95],
      [1, 0.5],
      [0, 0.5],
      [10, Number.NaN],
    ] as const) {
      expect(refusalOf(() => trainTestSplit(rows, share))).toMatchObject({
        code: 'regression/bad-option',
        message: `testFraction: must leave rows on both sides of ${rows}; got ${share}`,
        what: 'testFraction',
        value: share,
      });
    }
  });
});
