import type { RandomSource } from '@stepclock/numerics';
import { takeValues } from '../data/feature-table.js';
import { type CentredReduction, centredReduction } from '../linear/centred-reduction.js';
import { rankDeficiencyOf } from '../linear/rank-deficiency.js';
import { solveCentred } from '../linear/solve-centred.js';

/** Coefficients about a centre. */
export interface PlainFit {
  readonly coefficients: Float64Array;
  readonly centre: Float64Array;
  readonly valueAtCentre: number;
}

/** Least squares on the numbered rows; `undefined` where they do not determine the coefficients. */
export const fitRows = (
  columns: readonly Float64Array[],
  target: Float64Array,
  rows: ArrayLike<number>,
  intercept: boolean,
): PlainFit | undefined => {
  const reduction: CentredReduction = centredReduction(
    columns.map((column) => takeValues(column, rows)),
    takeValues(target, rows),
    undefined,
    intercept,
  );
  try {
    const { coefficients } = solveCentred(
      reduction,
      columns.map(() => ''),
      { rows: rows.length, total: rows.length },
      intercept,
    );
    return { coefficients, centre: reduction.centre, valueAtCentre: reduction.targetCentre };
  } catch (error) {
    if (rankDeficiencyOf(error) !== undefined) return undefined;
    throw error;
  }
};

/** `size` distinct numbers below `n` (Floyd 1987), without a permutation of all n. */
export const sampleRows = (n: number, size: number, random: RandomSource): Uint32Array => {
  const chosen = new Set<number>();
  for (let top = n - size; top < n; top++) {
    const pick = Math.floor(random() * (top + 1));
    chosen.add(chosen.has(pick) ? top : pick);
  }
  return Uint32Array.from(chosen);
};

/** Measured - fitted. */
export const residualsOf = (columns: readonly Float64Array[], target: Float64Array, fit: PlainFit): Float64Array => {
  const residuals = target.map((y) => y - fit.valueAtCentre);
  columns.forEach((column, j) => {
    const b = fit.coefficients[j];
    const c = fit.centre[j];
    for (let i = 0; i < residuals.length; i++) {
      residuals[i] = residuals[i] - b * (column[i] - c);
    }
  });
  return residuals;
};
