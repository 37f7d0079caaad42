import {
  type Dataset,
  groupedSplits,
  kFoldSplits,
  type Split,
  settingsOf,
  trainTestSplit,
} from '@stepclock/regression';

/** Share of the rows, or of the settings, that a comparison tests on. */
const TEST_SHARE = 0.2;

/** How many settings there are: rows that agree in all features are one. */
export const settingCount = ({ features }: Dataset): number => new Set(settingsOf(features)).size;

const hasRepeats = (data: Dataset): boolean => {
  const settings = settingCount(data);
  // All of one setting: rows are all there is to tell apart.
  return settings > 1 && settings < data.target.length;
};

/** Folds for cross-validation; repeats of a setting stay together. @throws Fault `regression/bad-option` */
export const settingFolds = (data: Dataset, folds: number, seed: number): readonly Split[] =>
  hasRepeats(data)
    ? groupedSplits(settingsOf(data.features), { folds, seed })
    : kFoldSplits(data.target.length, { folds, seed });

/** One split to train and to test on; repeats of a setting stay together. @throws Fault `regression/bad-option` */
export const settingSplit = (data: Dataset, seed: number): Split =>
  hasRepeats(data)
    ? groupedSplits(settingsOf(data.features), { folds: Math.round(1 / TEST_SHARE), seed })[0]
    : trainTestSplit(data.target.length, TEST_SHARE, seed);
