import type { StepWindow } from '../windows/step-window.js';
import { GrowingFactor } from './growing-factor.js';

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
  const factor = new GrowingFactor(gram, p, at.length);
  for (const t of at) factor.append(t);
  const solved = factor.solve(moment);
  let least = squares;
  for (const [k, t] of factor.columns.entries()) least -= solved[k] * moment[t];
  return least > ROUNDING * squares ? least : 0;
};
