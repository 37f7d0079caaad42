import type { Dataset } from '../data/dataset.js';
import { checkedColumn, selectFeatures } from '../data/feature-table.js';
import { fault } from '../fault.js';
import { type TrainingRange, trainingRangeOf } from '../model/training-range.js';
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
 * @throws Fault `regression/bad-name` for a term twice, `regression/missing-feature`, `regression/not-enough-rows` for fewer rows of
 * positive weight than coefficients
 */
export const designOf = (data: Dataset, asked: readonly Term[] | undefined, intercept: boolean): Design => {
  const { target, weights } = data;
  const terms = asked ?? linearTerms(data.features.names);
  const names = terms.map(({ name }) => name);
  const twice = names.find((name, j) => names.indexOf(name) !== j);
  if (twice !== undefined) {
    throw fault('regression/bad-name', { what: 'terms', rule: 'must be distinct', value: twice });
  }
  const table = selectFeatures(data.features, featuresOfTerms(terms));
  const columns = termColumns(table, terms);
  for (const [j, column] of columns.entries()) checkedColumn(names[j] ?? '', column, target.length);
  const range = trainingRangeOf(table, weights);
  let rows = target.length;
  if (weights !== undefined) rows = weights.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0);
  const coefficients = terms.length + (intercept ? 1 : 0);
  if (rows < coefficients || coefficients === 0) {
    throw fault(
      'regression/not-enough-rows',
      coefficients === 0
        ? { what: 'terms', rule: 'must be at least one where there is no intercept', value: 0 }
        : { what: 'rows', rule: `must be at least as many as coefficients (${coefficients})`, value: rows },
    );
  }
  return { terms, columns, names, range };
};
