import { Fault } from '@stepclock/faults';
import type { StepWindow } from '../windows/step-window.js';
import { momentUnder, squaresUnder } from '../windows/step-window.js';
import { boundedSolution } from './bounded-solution.js';
import type { GrowingFactor } from './growing-factor.js';

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
  const wanted = new Uint8Array(p).fill(of === undefined ? 1 : 0);
  for (const t of of ?? []) wanted[t] = 1;
  // Terms that take part; of many, few are asked for.
  const at: number[] = [];
  for (let t = 0; t < p; t++) if (wanted[t] === 1 && window.gram[t * p + t] > 0) at.push(t);
  const n = at.length;
  const scale = new Float64Array(n);
  const free = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const t = at[i];
    scale[i] = 1 / Math.sqrt(window.gram[t * p + t] + (penalty === undefined ? 0 : penalty[t]));
    free[i] = window.terms[t].sign === 'free' ? 1 : 0;
  }
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) gram[i * n + j] = scale[i] * scale[j] * window.gram[at[i] * p + at[j]];
    gram[i * n + i] = 1;
  }
  // Bounds are bounds of the coefficients, not of their distance from the stated fit.
  const zero = new Float64Array(p);
  const moment = momentUnder(window, zero, at);
  for (let i = 0; i < n; i++) moment[i] *= scale[i];
  const { x, factor } = boundedSolution(gram, moment, free, Math.sqrt(squaresUnder(window, zero)));
  const coefficients = zero;
  for (let i = 0; i < n; i++) coefficients[at[i]] = scale[i] * x[i];
  refine(coefficients, window, { at, scale, factor, free, penalty });
  return { coefficients, inside: factor.columns.map((i) => at[i]), squares: squaresUnder(window, coefficients) };
};

/** Normal equations of the terms that take part, scaled to columns of length 1. */
interface ScaledEquations {
  /** The terms, by index in the window; the others are by index in `at`. */
  readonly at: readonly number[];
  readonly scale: Float64Array;
  /** Of the columns that are not held at zero. */
  readonly factor: GrowingFactor;
  readonly free: Uint8Array;
  readonly penalty: Float64Array | undefined;
}

/** One step of iterative refinement, into the coefficients. */
const refine = (
  coefficients: Float64Array,
  window: StepWindow,
  { at, scale, factor, free, penalty }: ScaledEquations,
): void => {
  const rest = momentUnder(window, coefficients, at);
  for (let i = 0; i < rest.length; i++) {
    const held = penalty === undefined ? 0 : penalty[at[i]] * coefficients[at[i]];
    rest[i] = scale[i] * (rest[i] - held);
  }
  const change = factor.solve(rest);
  const inside = factor.columns;
  for (let k = 0; k < inside.length; k++) {
    const i = inside[k];
    const value = coefficients[at[i]] + scale[i] * change[k];
    if (free[i] === 1 || value > 0) coefficients[at[i]] = value;
  }
};

/** @throws Fault `step-cost/no-rows` for a window without rows */
export const refuseEmpty = ({ rows }: StepWindow): void => {
  if (rows > 0) return;
  throw new Fault('step-cost/no-rows', { what: 'rows', rule: 'must be at least one of positive weight', value: rows });
};
