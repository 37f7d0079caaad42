import type { StepWindow } from '../windows/step-window.js';
import { fitWindow } from './fit-window.js';

/**
 * Covariance of the coefficients by leaving out each window in turn, windows of unlike size allowed (the delete-m_j jackknife: Busing, Meijer
 * and van der Leeden 1999, doi:10.1023/A:1008800423698): neighbouring rows share a boundary, and phases overlap, so the unit is a window.
 *
 * @param windows of one engine, all from the same stated fit
 * @param rests all of them but each, in their order
 * @param of terms that were fitted, by index
 * @param coefficients the fit on all windows
 * @returns p x p, row by row; zeros for terms left out
 */
export const jackknife = (
  windows: readonly StepWindow[],
  rests: readonly StepWindow[],
  of: readonly number[],
  penalty: Float64Array,
  coefficients: Float64Array,
): Float64Array => {
  const p = coefficients.length;
  const g = windows.length;
  const total = windows.reduce((sum, { seconds }) => sum + seconds, 0);
  const left = rests.map((rest) => fitWindow(rest, { of, penalty }).coefficients);
  const share = windows.map(({ seconds }) => total / seconds);
  const pseudo = left.map((b, j) => b.map((value, t) => share[j] * coefficients[t] - (share[j] - 1) * value));
  const mean = coefficients.map((_, t) => pseudo.reduce((sum, value) => sum + value[t], 0) / g);
  const covariance = new Float64Array(p * p);
  for (const [j, value] of pseudo.entries()) {
    const weight = 1 / (g * Math.max(share[j] - 1, Number.MIN_VALUE));
    for (let a = 0; a < p; a++) {
      const off = weight * (value[a] - mean[a]);
      if (off !== 0) for (let b = 0; b < p; b++) covariance[a * p + b] += off * (value[b] - mean[b]);
    }
  }
  return covariance;
};
