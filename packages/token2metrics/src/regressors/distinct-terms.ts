import { dataset, type FittedModel, leastSquares, type linearTerms, rankDeficiencyOf } from '@stepclock/regression';
import type { TrainingRows } from './regressor.js';

/** Least squares; terms that the rows cannot tell apart are left out, last first. */
export const withDistinctTerms = (
  { tokens, target }: TrainingRows,
  termsOf: (names: readonly string[]) => ReturnType<typeof linearTerms>,
): FittedModel => {
  const data = dataset(tokens, target);
  let terms = termsOf(tokens.names);
  for (;;) {
    try {
      return leastSquares(data, { terms }).model;
    } catch (error) {
      const collinear = rankDeficiencyOf(error)?.terms ?? [];
      const concerned = terms.filter(({ name }) => collinear.includes(name));
      const last = concerned.at(-1);
      if (last === undefined) throw error;
      terms = terms.filter((kept) => kept !== last);
    }
  }
};
