import { robustSd } from '@stepclock/numerics';
import { fittedSeconds, type RowTable } from '@stepclock/step-cost';

/** A row stalled that took this many robust standard deviations, and this part, longer than fitted. */
const DEVIATIONS = 10;
const LONGER = 0.2;

/** 1 where a row took so much longer than its steps cost that something else was going on. */
export function stalledRows(rows: RowTable, coefficients: ArrayLike<number>): Uint8Array {
  const excess = new Float64Array(rows.length);
  const fitted = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    fitted[i] = fittedSeconds(rows, coefficients, i);
    excess[i] = fitted[i] > 0 ? (rows.seconds[i] - fitted[i]) / Math.sqrt(fitted[i]) : 0;
  }
  const sd = robustSd(excess);
  return Uint8Array.from(excess, (e, i) => (e > DEVIATIONS * sd && rows.seconds[i] > (1 + LONGER) * fitted[i] ? 1 : 0));
}
