import {
  type Dataset,
  dataset,
  type FittedModel,
  leastSquares,
  type linearTerms,
  rankDeficiencyOf,
} from '@stepclock/regression';
import type { TrainingRows } from './regressor.js';

type Terms = ReturnType<typeof linearTerms>;

/** A linear fit, least squares unless told; terms that the rows cannot tell apart are left out, last first. */
export const withDistinctTerms = (
  { tokens, target }: TrainingRows,
  termsOf: (names: readonly string[]) => Terms,
  fit = (data: Dataset, terms: Terms): FittedModel => leastSquares(data, { terms }).model,
): FittedModel => {
  const data = dataset(tokens, target);
  let terms = termsOf(tokens.names);
  for (;;) {
    try {
      return fit(data, terms);
    } catch (error) {
      const collinear = rankDeficiencyOf(error)?.terms ?? [];
      const concerned = terms.filter(({ name }) => collinear.includes(name));
      const last = concerned.at(-1);
      if (last === undefined) throw error;
      terms = terms.filter((kept) => kept !== last);
    }
  }
};
