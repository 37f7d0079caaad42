import { Fault } from '@stepclock/faults';
import type { StepWindow } from '../windows/step-window.js';
import { restated } from '../windows/step-window.js';
import { boundedSolution, solvedOn } from './bounded-solution.js';

export interface FitWindowOptions {
  /** Which of the window's terms may differ from zero, by index; default: all. */
  readonly of?: readonly number[];
  /** Penalty of each term, on the scale of X'WX: the noise variance over that of its prior; default: none. */
  readonly penalty?: Float64Array;
}

/** Coefficients of a window. */
export interface WindowFit {
  /** By term of the window, s; 0 for those left out. */
  readonly coefficients: Float64Array;
  /** Terms that are not held at zero, by index. */
  readonly inside: readonly number[];
  /** `sum w r^2` of the rows, s^2 x weight. */
  readonly squares: number;
}

/**
 * Regression on the cross products of a window: `min sum w (y - x beta)^2 + sum penalty beta^2` with bounds. The residual from the
 * window's stated fit is solved for, so that a fit near it keeps its digits.
 */
export const fitWindow = (window: StepWindow, { of, penalty }: FitWindowOptions = {}): WindowFit => {
  const p = window.terms.length;
  const scale = new Float64Array(p);
  const free = new Uint8Array(p);
  const wanted = new Uint8Array(p).fill(of === undefined ? 1 : 0);
  for (const t of of ?? []) wanted[t] = 1;
  for (let t = 0; t < p; t++) {
    const square = wanted[t] === 1 && window.gram[t * p + t] > 0 ? window.gram[t * p + t] + (penalty?.[t] ?? 0) : 0;
    scale[t] = square > 0 ? 1 / Math.sqrt(square) : 0;
    free[t] = window.terms[t].sign === 'free' ? 1 : 0;
  }
  const gram = new Float64Array(p * p);
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) gram[i * p + j] = scale[i] * scale[j] * window.gram[i * p + j];
    if (scale[i] > 0) gram[i * p + i] = 1;
  }
  // Bounds are bounds of the coefficients, not of their distance from the stated fit.
  const whole = restated(window, new Float64Array(p));
  const { x, inside } = boundedSolution(
    gram,
    whole.moment.map((m, t) => scale[t] * m),
    free,
    Math.sqrt(whole.squares),
  );
  const coefficients = x.map((value, t) => scale[t] * value);
  const refined = refinedOn(inside, window, scale, gram, penalty, coefficients);
  return { coefficients: refined, inside, squares: restated(window, refined).squares };
};

/** One step of iterative refinement from the stated fit. */
const refinedOn = (
  inside: readonly number[],
  window: StepWindow,
  scale: Float64Array,
  gram: Float64Array,
  penalty: Float64Array | undefined,
  coefficients: Float64Array,
): Float64Array => {
  const { moment } = restated(window, coefficients);
  const rest = moment.map((m, t) => scale[t] * (m - (penalty?.[t] ?? 0) * coefficients[t]));
  const change = solvedOn(inside, gram, rest);
  if (change === undefined) return coefficients;
  const better = coefficients.slice();
  for (const [k, t] of inside.entries()) {
    const value = coefficients[t] + scale[t] * change[k];
    if (window.terms[t].sign === 'free' || value > 0) better[t] = value;
  }
  return better;
};

/** @throws Fault `step-cost/no-rows` for a window without rows */
export const refuseEmpty = ({ rows }: StepWindow): void => {
  if (rows > 0) return;
  throw new Fault('step-cost/no-rows', { what: 'rows', rule: 'must be at least one of positive weight', value: rows });
};
