import { medianOf, robustSd } from '@stepclock/numerics';
import { fittedColumn, type RowTable } from '../rows/row-table.js';

/** What makes a row a stall. */
export const STALL_RULE = {
  /** It lies this many robust standard deviations above the fit, and above it by this share of the fitted time. */
  clearSd: 10,
  leastShare: 0.2,
  /** More rows than this share are no stalls but a kind of step that the model lacks. */
  mostShare: 0.1,
} as const;

/**
 * Rows that hold a stall: time that no term explains, far beyond the noise of rows of their kind (with prefill, or decodes alone). Noise grows with the
 * square root of the fitted time, as the weights say.
 *
 * @param coefficients of the fullest fit
 * @param kindOf the kind of row i; kinds have scatters of their own
 * @returns 1 for a stall, by row; null where so many lie far out that they are none
 */
export const stallsOf = (
  rows: RowTable,
  coefficients: ArrayLike<number>,
  kindOf: (i: number) => number,
): Uint8Array | null => {
  const stalls = new Uint8Array(rows.length);
  const fitted = fittedColumn(rows, coefficients);
  const byKind = new Map<number, number[]>();
  for (let i = 0; i < rows.length; i++) {
    if (!(fitted[i] > 0)) continue;
    const kind = kindOf(i);
    const members = byKind.get(kind);
    if (members === undefined) byKind.set(kind, [i]);
    else members.push(i);
  }
  let count = 0;
  for (const members of byKind.values()) {
    const scatter = Float64Array.from(members, (i) => (rows.seconds[i] - fitted[i]) / Math.sqrt(fitted[i]));
    const middle = medianOf(scatter);
    const sd = robustSd(scatter);
    for (const [k, i] of members.entries()) {
      const far =
        scatter[k] - middle > STALL_RULE.clearSd * sd && rows.seconds[i] > (1 + STALL_RULE.leastShare) * fitted[i];
      if (!far) continue;
      stalls[i] = 1;
      count++;
    }
  }
  return count > STALL_RULE.mostShare * rows.length ? null : stalls;
};
