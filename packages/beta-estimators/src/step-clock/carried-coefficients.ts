import { mergeReduced, type ReducedRows } from '@stepclock/nnls-solver';
import { inverse, Matrix } from 'ml-matrix';

/** Without a block that carries a coefficient its variance would be this many times larger. */
const CARRIES = 25;

/**
 * Covariance of the coefficients as least squares gives it, `s^2 (A'WA)^-1`, where one block carries a coefficient nearly alone:
 * leaving it out would not tell how far the coefficient is known, only that the rest does not know it. An engine that never
 * stops to prefill has one such cluster.
 *
 * @param parts the regression on the residual, by block
 * @param rowCount rows of positive weight
 * @param leastVariance of a row of weight 1: the row that carries a coefficient fits itself, so residuals do not tell of it
 * @returns undefined where no block does: then leaving blocks out tells more
 */
export const carriedCovariance = (
  parts: readonly ReducedRows[],
  rowCount: number,
  leastVariance: number,
): number[][] | undefined => {
  const all = mergeReduced(parts);
  const width = all.qty.length;
  const norms = Array.from({ length: width }, (_, j) => all.r.getColumnVector(j).norm());
  const whole = inverseGram(all, norms);
  if (whole === undefined || !(rowCount > width)) return undefined;
  const carried = parts.some((_, g) => {
    const rest = inverseGram(mergeReduced(parts.filter((__, h) => h !== g)), norms);
    return norms.some((__, j) => rest === undefined || !(rest.get(j, j) < CARRIES * whole.get(j, j)));
  });
  if (!carried) return undefined;
  const variance = Math.max(leastVariance, all.residualNorm ** 2 / (rowCount - width));
  return norms.map((ni, i) => norms.map((nj, j) => (variance * whole.get(i, j)) / (ni * nj)));
};

/** `(R'R)^-1` of the triangle with its columns divided by the norms; undefined where it has no full rank. */
const inverseGram = ({ r }: ReducedRows, norms: readonly number[]): Matrix | undefined => {
  const scaled = Matrix.zeros(norms.length, norms.length);
  for (const [j, norm] of norms.entries()) {
    for (let i = 0; i <= j; i++) scaled.set(i, j, r.get(i, j) / norm);
  }
  // A triangle is singular where its diagonal is: at the rounding of columns of length 1, or NaN for columns of zeros.
  if (!norms.every((_, j) => Math.abs(scaled.get(j, j)) > 1e-10)) return undefined;
  const root = inverse(scaled);
  return root.mmul(root.transpose());
};
