import { RegressionError } from '../regression-error.js';
import type { CentredReduction } from './centred-reduction.js';
import { backSubstitute, pivotedQr } from './pivoted-qr.js';
import { type LinearDependency, RankDeficientError } from './rank-deficient-error.js';
import { INTERCEPT } from './term.js';

/** The solution of a full-rank system, in the columns' own units. */
export interface CentredSolution {
  readonly coefficients: Float64Array;
  /** Rows of G, `G G' = (Xc' W Xc)^-1`. */
  readonly factor: readonly Float64Array[];
  /** `|sqrt(W) (x_j - centre_j)|` of each column. */
  readonly scales: Float64Array;
}

const norm = (values: Float64Array): number => Math.hypot(...values);

/**
 * The size below which a pivot of a scaled column is rounding. Each entry is off by half a unit in the last place of the UNCENTRED
 * column, so a column far from 0 is noisier once it is centred; the reduction of n rows adds about sqrt(n) units.
 */
const roundingOf = ({ centre }: CentredReduction, scales: Float64Array, rows: number): number => {
  let farthest = 1;
  scales.forEach((scale, j) => {
    const ratio = (Math.abs(centre[j] as number) * Math.sqrt(rows)) / scale;
    if (scale > 0 && ratio > farthest) farthest = ratio;
  });
  return Number.EPSILON * scales.length * (16 * farthest + Math.sqrt(rows));
};

/** How a column that found no pivot is made of those that did; parts that move it by less than the noise are left out. */
const dependencyOf = (
  reduction: CentredReduction,
  names: readonly string[],
  hasIntercept: boolean,
  scales: Float64Array,
  weightOf: { readonly column: number; readonly on: readonly number[]; readonly parts: Float64Array },
): LinearDependency => {
  const { column, on, parts } = weightOf;
  const own = scales[column] as number;
  const terms: { term: string; coefficient: number }[] = [];
  let constant = reduction.centre[column] as number;
  let magnitude = Math.abs(constant);
  on.forEach((j, k) => {
    const scaled = parts[k] as number;
    if (!(Math.abs(scaled) > 1e-7)) return;
    const coefficient = (scaled * own) / (scales[j] as number);
    terms.push({ term: names[j] as string, coefficient });
    const share = coefficient * (reduction.centre[j] as number);
    constant -= share;
    magnitude = Math.max(magnitude, Math.abs(share));
  });
  if (hasIntercept && Math.abs(constant) > 1e-9 * magnitude) terms.push({ term: INTERCEPT, coefficient: constant });
  return { term: names[column] as string, on: terms };
};

/**
 * Solves the reduced system by pivoted QR on columns of length 1.
 *
 * @param names of the columns, for the error
 * @param rows that the reduction came from
 * @param tolerance overrides the rounding level below which a pivot counts as 0
 * @throws RankDeficientError
 */
export const solveCentred = (
  reduction: CentredReduction,
  names: readonly string[],
  rows: number,
  hasIntercept: boolean,
  tolerance?: number,
): CentredSolution => {
  if (tolerance !== undefined && !(tolerance >= 0 && tolerance < 1)) {
    throw new RegressionError('regression/bad-option', `rankTolerance: must be from 0 to below 1; got ${tolerance}`, {
      feature: 'rankTolerance',
      value: tolerance,
      expected: '0 <= rankTolerance < 1',
    });
  }
  const { triangle, qty } = reduction;
  const size = triangle.length;
  const scales = Float64Array.from(triangle, norm);
  const unit = triangle.map((column, j) => {
    const scale = scales[j] as number;
    return scale === 0 ? column : column.map((value) => value / scale);
  });
  const limit = tolerance ?? roundingOf(reduction, scales, rows);
  const { order, u, qtz, rank } = pivotedQr(unit, qty, limit);
  if (rank < size) {
    const kept = order.slice(0, rank);
    const dependencies = order.slice(rank).map((column, k) => {
      const parts = backSubstitute(u, u[rank + k] as Float64Array, rank);
      return dependencyOf(reduction, names, hasIntercept, scales, { column, on: kept, parts });
    });
    throw new RankDeficientError(rank + (hasIntercept ? 1 : 0), size + (hasIntercept ? 1 : 0), dependencies);
  }
  const coefficients = new Float64Array(size);
  const solution = backSubstitute(u, qtz, size);
  const factor = triangle.map(() => new Float64Array(size));
  order.forEach((column, k) => {
    coefficients[column] = (solution[k] as number) / (scales[column] as number);
  });
  for (let k = 0; k < size; k++) {
    const e = new Float64Array(size);
    e[k] = 1;
    const inverseColumn = backSubstitute(u, e, size);
    order.forEach((column, i) => {
      (factor[column] as Float64Array)[k] = (inverseColumn[i] as number) / (scales[column] as number);
    });
  }
  return { coefficients, factor, scales };
};
