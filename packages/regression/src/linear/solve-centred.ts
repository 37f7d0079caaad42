import { backSubstitute, type DependentColumn, inverseOfUpper, pivotedQr } from '@stepclock/numerics';
import { belowOne } from '../model/option-checks.js';
import type { CentredReduction } from './centred-reduction.js';
import { type LinearDependency, RankDeficiency, rankDeficient } from './rank-deficiency.js';
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
 * The length at which the rest of a column (of length 1) is rounding. Each entry is off by half a unit in the last place of the UNCENTRED
 * column, so a column far from 0 is noisier once it is centred, and the columns that explain it bring their noise along; the reduction
 * of n rows adds about sqrt(n) units.
 */
const roundingOf = ({ centre }: CentredReduction, scales: Float64Array, totalWeight: number, rows: number) => {
  const noise = scales.map((scale, j) => {
    const distance = scale === 0 ? 0 : (Math.abs(centre[j]) * Math.sqrt(totalWeight)) / scale;
    return Number.EPSILON * (8 * Math.hypot(1, distance) + scales.length * Math.sqrt(rows));
  });
  return (column: number, order: readonly number[], parts: Float64Array): number =>
    parts.reduce((sum, part, k) => sum + Math.abs(part) * noise[order[k]], noise[column]);
};

/** How a column that found no pivot is made of those that did; parts that move it by less than the noise are left out. */
const dependencyOf = (
  reduction: CentredReduction,
  names: readonly string[],
  hasIntercept: boolean,
  scales: Float64Array,
  on: readonly number[],
  { column, parts }: DependentColumn,
): LinearDependency => {
  const own = scales[column];
  const terms: { term: string; coefficient: number }[] = [];
  let constant = reduction.centre[column];
  let magnitude = Math.abs(constant);
  on.forEach((j, k) => {
    const scaled = parts[k];
    if (!(Math.abs(scaled) > 1e-7)) return;
    const coefficient = (scaled * own) / scales[j];
    terms.push({ term: names[j], coefficient });
    const share = coefficient * reduction.centre[j];
    constant -= share;
    magnitude = Math.max(magnitude, Math.abs(share));
  });
  if (hasIntercept && Math.abs(constant) > 1e-9 * magnitude) terms.push({ term: INTERCEPT, coefficient: constant });
  return { term: names[column], on: terms };
};

/**
 * Solves the reduced system by pivoted QR on columns of length 1.
 *
 * @param names of the columns, for the error
 * @param mass rows that the reduction came from, and what they weigh together
 * @param tolerance overrides the rounding level below which a pivot counts as 0
 * @throws Fault `regression/rank-deficient`
 */
export const solveCentred = (
  reduction: CentredReduction,
  names: readonly string[],
  mass: { readonly rows: number; readonly total: number },
  hasIntercept: boolean,
  tolerance?: number,
): CentredSolution => {
  if (tolerance !== undefined) belowOne('rankTolerance', tolerance);
  const { triangle, qty } = reduction;
  const size = triangle.length;
  const scales = Float64Array.from(triangle, norm);
  const unit = triangle.map((column, j) => {
    const scale = scales[j];
    return scale === 0 ? column : column.map((value) => value / scale);
  });
  const noiseOf = tolerance === undefined ? roundingOf(reduction, scales, mass.total, mass.rows) : () => tolerance;
  const { order, u, qtz, dependent } = pivotedQr(unit, qty, noiseOf);
  if (dependent.length > 0) {
    const fixed = hasIntercept ? 1 : 0;
    const inTerms = (column: DependentColumn) => dependencyOf(reduction, names, hasIntercept, scales, order, column);
    throw rankDeficient(new RankDeficiency(order.length + fixed, size + fixed, dependent.map(inTerms)));
  }
  const coefficients = new Float64Array(size);
  const solution = backSubstitute(u, qtz, size);
  const factor = triangle.map(() => new Float64Array(size));
  order.forEach((column, k) => {
    coefficients[column] = solution[k] / scales[column];
  });
  inverseOfUpper(u).forEach((inverseColumn, k) => {
    order.forEach((column, i) => {
      (factor[column] as Float64Array)[k] = inverseColumn[i] / scales[column];
    });
  });
  return { coefficients, factor, scales };
};
