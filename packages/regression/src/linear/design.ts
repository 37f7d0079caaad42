import type { Dataset } from '../data/dataset.js';
import { checkedColumn, selectFeatures } from '../data/feature-table.js';
import { type TrainingRange, trainingRangeOf } from '../model/training-range.js';
import { RegressionError } from '../regression-error.js';
import { featuresOfTerms, linearTerms, type Term, termColumns } from './term.js';

/** The design matrix without the intercept's column. */
export interface Design {
  readonly terms: readonly Term[];
  readonly columns: readonly Float64Array[];
  readonly names: readonly string[];
  /** Of the features that the terms use. */
  readonly range: TrainingRange;
}

/**
 * The terms' columns over the terms' own features; every linear estimator starts here.
 *
 * @param asked default: every feature as it is
 * @throws RegressionError `regression/bad-name` for a term twice, `regression/missing-feature`, `regression/not-enough-rows` for fewer rows of
 * positive weight than coefficients
 */
export const designOf = (data: Dataset, asked: readonly Term[] | undefined, intercept: boolean): Design => {
  const { target, weights } = data;
  const terms = asked ?? linearTerms(data.features.names);
  const names = terms.map(({ name }) => name);
  const twice = names.find((name, j) => names.indexOf(name) !== j);
  if (twice !== undefined) {
    throw new RegressionError('regression/bad-name', `terms: must be distinct; got ${twice} twice`, { feature: twice });
  }
  const table = selectFeatures(data.features, featuresOfTerms(terms));
  const columns = termColumns(table, terms);
  for (const [j, column] of columns.entries()) checkedColumn(names[j] ?? '', column, target.length);
  const range = trainingRangeOf(table, weights);
  let rows = target.length;
  if (weights !== undefined) rows = weights.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0);
  const coefficients = terms.length + (intercept ? 1 : 0);
  if (rows < coefficients || coefficients === 0) {
    throw new RegressionError(
      'regression/not-enough-rows',
      coefficients === 0
        ? 'terms: must be at least one where there is no intercept; got none'
        : `rows: must be at least as many as coefficients (${coefficients}); got ${rows}`,
      { value: rows, expected: `at least ${Math.max(coefficients, 1)}` },
    );
  }
  return { terms, columns, names, range };
};
