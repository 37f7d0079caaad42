import { groupedSplits, kFoldSplits, type Split } from '@stepclock/regression';

/**
 * Folds in which rows of equal knobs stay together: the same request with answers of several lengths is no new configuration.
 *
 * @param keys of each row
 * @param folds at most; fewer when there are fewer keys
 */
export const knobSplits = (keys: readonly string[], folds: number, seed: number): Split[] => {
  const distinct = new Set(keys).size;
  // All of one kind: rows are all there is to tell apart.
  return distinct === keys.length || distinct < 2
    ? kFoldSplits(keys.length, { folds: Math.min(folds, keys.length), seed })
    : groupedSplits(keys, { folds: Math.min(folds, distinct), seed });
};
