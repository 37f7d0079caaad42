import type { Dataset } from '../data/dataset.js';
import { centredReduction } from '../linear/centred-reduction.js';
import { designOf } from '../linear/design.js';
import { LinearModel } from '../linear/linear-model.js';
import { solveCentred } from '../linear/solve-centred.js';
import type { Term } from '../linear/term.js';
import { above } from '../model/option-checks.js';
import { huberScale } from './huber-scale.js';

export interface HuberOptions {
  readonly terms?: readonly Term[];
  readonly intercept?: boolean;
  /** Residuals up to epsilon scales count squared, larger ones only linearly; above 1. Default 1.35: 95 % efficiency on normal errors. */
  readonly epsilon?: number;
  /** Default 500. */
  readonly maxIterations?: number;
}

/** A Huber fit, its scale, and how it got there. */
export interface HuberFit {
  readonly model: LinearModel;
  /** Size of an ordinary residual. 0 when the fit passes through most of the points. */
  readonly scale: number;
  /** 1 for rows beyond epsilon scales. */
  readonly outlier: Uint8Array;
  readonly iterations: number;
  readonly converged: boolean;
}

const totalOf = (weights: Float64Array): number => weights.reduce((sum, weight) => sum + weight, 0);

/** A change of all fitted values by less than this, relative to the scale, ends the iteration. */
const TOLERANCE = 1e-9;

/**
 * Huber regression with its scale estimated alongside: `min sum w (sigma + H((y - X b) / sigma) sigma)`, `H(z) = z^2` up to epsilon and
 * `2 epsilon |z| - epsilon^2` beyond (Huber, Robust Statistics, 1981; Owen 2007), which is jointly convex. Iteratively reweighted least squares.
 *
 * Robust against wild targets, not against wild features (leverage): RANSAC is.
 *
 * @throws Fault as least squares does
 */
export const huber = (data: Dataset, options: HuberOptions = {}): HuberFit => {
  const { intercept = true, epsilon = 1.35, maxIterations = 500 } = options;
  above(1, 'epsilon', epsilon);
  const { terms, columns, names, range } = designOf(data, options.terms, intercept);
  const { target, weights } = data;
  const n = target.length;
  const solve = (w: Float64Array | undefined): Omit<ConstructorParameters<typeof LinearModel>[0], 'estimator'> => {
    const reduction = centredReduction(columns, target, w, intercept);
    const { coefficients } = solveCentred(
      reduction,
      names,
      { rows: n, total: w === undefined ? n : totalOf(w) },
      intercept,
    );
    return {
      terms,
      coefficients,
      centre: reduction.centre,
      valueAtCentre: reduction.targetCentre,
      hasIntercept: intercept,
    };
  };
  const residualsOf = (fit: ReturnType<typeof solve>): Float64Array => {
    const residuals = target.map((y) => y - fit.valueAtCentre);
    columns.forEach((column, j) => {
      const b = fit.coefficients[j];
      const c = fit.centre[j];
      for (let i = 0; i < n; i++) residuals[i] = residuals[i] - b * (column[i] - c);
    });
    return residuals;
  };

  let fit = solve(weights);
  let residuals = residualsOf(fit);
  let scale = huberScale(residuals, weights, epsilon);
  const magnitude = target.reduce((largest, y) => Math.max(largest, Math.abs(y)), 0);
  const floor = magnitude * Number.EPSILON * 16;
  let iterations = 0;
  let converged = scale <= floor;
  const own = new Float64Array(n);
  while (!converged && iterations < maxIterations) {
    iterations++;
    const bound = epsilon * scale;
    for (let i = 0; i < n; i++) {
      const size = Math.abs(residuals[i]);
      own[i] = (weights === undefined ? 1 : weights[i]) * (size <= bound ? 1 : bound / size);
    }
    fit = solve(own);
    const before = residuals;
    residuals = residualsOf(fit);
    let moved = 0;
    for (let i = 0; i < n; i++) moved = Math.max(moved, Math.abs(residuals[i] - before[i]));
    const next = huberScale(residuals, weights, epsilon);
    converged = next <= floor || (moved <= TOLERANCE * next && Math.abs(next - scale) <= TOLERANCE * next);
    scale = next;
  }
  return {
    model: new LinearModel({ estimator: 'huber', ...fit }, range),
    scale,
    outlier: Uint8Array.from(residuals, (r) => (Math.abs(r) > epsilon * scale + floor ? 1 : 0)),
    iterations,
    converged,
  };
};
