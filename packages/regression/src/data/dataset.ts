import { fault } from '../fault.js';
import { checkedColumn, type FeatureTable, takeRows, takeValues } from './feature-table.js';

/** Features, what to predict from them, and how much each row counts. Build one with {@link dataset}. */
export interface Dataset {
  readonly features: FeatureTable;
  readonly target: Float64Array;
  /** At least 0, one a row, not all 0; absent means 1 everywhere. A row of weight 0 is as good as absent. */
  readonly weights?: Float64Array;
}

/**
 * A checked data set. Arrays are kept, not copied.
 *
 * @throws Fault `regression/no-rows`, `regression/length-mismatch`, `regression/bad-column`
 *
 * @example
 * const data = dataset(featuresOf({ tokens: [1, 2, 3] }), Float64Array.of(2, 4, 6))
 * data.features.length // => 3
 */
export const dataset = (features: FeatureTable, target: Float64Array, weights?: Float64Array): Dataset => {
  if (target.length === 0) {
    throw fault('regression/no-rows', { what: 'data', rule: 'must have at least one row', value: 0 });
  }
  // A table without columns (an intercept alone) has no length of its own.
  const length = features.columns.length === 0 ? target.length : features.length;
  checkedColumn('target', target, length);
  if (weights === undefined) return { features, target };
  checkedColumn('weights', weights, length);
  let positive = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i];
    if (!(weight >= 0)) {
      throw fault('regression/bad-column', { what: 'weights', rule: 'must be at least 0', value: weight, row: i });
    }
    if (weight > 0) positive++;
  }
  if (positive === 0) {
    throw fault('regression/no-rows', { what: 'weights', rule: 'must have one above 0 at least' });
  }
  return { features, target, weights };
};

/** The numbered rows of a data set, in the order asked for. */
export const takeDatasetRows = (data: Dataset, rows: ArrayLike<number>): Dataset => ({
  features: takeRows(data.features, rows),
  target: takeValues(data.target, rows),
  ...(data.weights === undefined ? {} : { weights: takeValues(data.weights, rows) }),
});
