import type { StepWindow } from '../windows/step-window.js';
import { LEAST_PIVOT } from './growing-factor.js';

/** What is left of a smaller share is rounding. */
const ROUNDING = 1e-8;

/**
 * `sum w r^2` of a window that some terms leave at the least, bounds and priors aside: no fit of these terms leaves less. 0 where it is next to
 * nothing.
 *
 * @param of terms, by index
 */
export const leastSquares = (window: StepWindow, of: readonly number[]): number => {
  const { gram, moment, squares, reference } = window;
  const p = reference.length;
  // Terms of the stated fit may lie beyond: without them the residual would be another.
  const at = [...of];
  for (let t = 0; t < p; t++) if (reference[t] !== 0 && !of.includes(t)) at.push(t);
  const n = at.length;
  const factor = new Float64Array(n * n);
  const solved = new Float64Array(n);
  let least = squares;
  // Cholesky, row by row; a row of zeros for a column that depends on those before it and so explains no more.
  for (let i = 0; i < n; i++) {
    const row = i * n;
    const column = at[i] * p;
    let pivot = gram[column + at[i]];
    let rest = moment[at[i]];
    for (let j = 0; j < i; j++) {
      const diagonal = factor[j * n + j];
      if (diagonal === 0) continue;
      let product = gram[column + at[j]];
      for (let k = 0; k < j; k++) product -= factor[row + k] * factor[j * n + k];
      const value = product / diagonal;
      factor[row + j] = value;
      pivot -= value * value;
      rest -= value * solved[j];
    }
    if (!(pivot > LEAST_PIVOT * gram[column + at[i]])) continue;
    factor[row + i] = Math.sqrt(pivot);
    solved[i] = rest / factor[row + i];
    least -= solved[i] * solved[i];
  }
  return least > ROUNDING * squares ? least : 0;
};
