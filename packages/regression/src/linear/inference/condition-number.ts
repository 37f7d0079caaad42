import { inverseOfUpper } from '@stepclock/numerics';
import { Matrix, SVD } from 'ml-matrix';
import type { CentredReduction } from '../centred-reduction.js';

const largestSingularValue = (columns: readonly Float64Array[]): number => {
  const matrix = Matrix.zeros(columns.length, columns.length);
  columns.forEach((column, j) => {
    column.forEach((value, i) => {
      matrix.set(i, j, value);
    });
  });
  const options = { computeLeftSingularVectors: false, computeRightSingularVectors: false };
  return new SVD(matrix, options).diagonal[0];
};

/**
 * Condition number of an upper triangle. The smallest singular value is taken as the inverse's largest: beside columns of 1e18 and 1 it would
 * drown in the rounding of the largest.
 */
const conditionOf = (upper: readonly Float64Array[]): number =>
  upper.length === 0 ? 1 : largestSingularValue(upper) * largestSingularValue(inverseOfUpper(upper));

/** Condition numbers of the design matrix, the intercept's column included. */
export interface ConditionNumbers {
  /** Of the matrix as it stands, in its units: what statsmodels prints. */
  readonly raw: number;
  /** Of its columns scaled to length 1 (Belsley, Kuh and Welsch 1980): above 30 collinearity is felt, above 1e8 half of the digits are gone. */
  readonly scaled: number;
}

/** From the centred triangle R: `[1 X] = Q [[root, root centre], [0, R]]`, with root^2 the total weight, so its singular values are at hand. */
export const conditionNumbers = (
  { centre, triangle }: CentredReduction,
  totalWeight: number,
  hasIntercept: boolean,
): ConditionNumbers => {
  const root = Math.sqrt(totalWeight);
  const columns = triangle.map((column, j) => (hasIntercept ? Float64Array.of(root * centre[j], ...column) : column));
  if (hasIntercept) columns.unshift(Float64Array.of(root, ...centre.map(() => 0)));
  const unit = columns.map((column) => {
    const length = Math.hypot(...column);
    return column.map((value) => value / length);
  });
  return { raw: conditionOf(columns), scaled: conditionOf(unit) };
};
