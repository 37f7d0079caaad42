import { nnlsColumns } from '@stepclock/nnls-solver';
import type { Dataset } from '../data/dataset.js';
import { fault } from '../fault.js';
import { centredReduction } from './centred-reduction.js';
import { designOf } from './design.js';
import { LinearModel } from './linear-model.js';
import { INTERCEPT, type Term } from './term.js';

export interface NonNegativeOptions {
  readonly terms?: readonly Term[];
  /** `non-negative` (default): held at or above 0 like the coefficients. `free`: may have any sign. `none`. */
  readonly intercept?: 'non-negative' | 'free' | 'none';
}

/** A non-negative fit and where its bounds bind. */
export interface NonNegativeFit {
  readonly model: LinearModel;
  /** Terms held at 0 by the bound (the intercept among them, when it is). */
  readonly heldAtZero: readonly string[];
  /** Largest violation of the optimality conditions, relative; 1e-15 is typical. */
  readonly kktViolation: number;
  readonly converged: boolean;
}

/**
 * Least squares with coefficients at or above 0: costs per token are. Where collinear terms leave a choice, one minimiser is returned.
 *
 * @throws Fault as `designOf` does; `regression/not-converged` when no certificate of optimality was reached
 */
export const nonNegativeLeastSquares = (
  data: Dataset,
  { terms: asked, intercept = 'non-negative' }: NonNegativeOptions = {},
): NonNegativeFit => {
  const { terms, columns, names, range } = designOf(data, asked, intercept !== 'none');
  const { target, weights } = data;
  const options = weights === undefined ? {} : { weights };
  const size = terms.length;
  let centre = new Float64Array(size);
  let valueAtCentre = 0;
  let solution: ReturnType<typeof nnlsColumns>;
  if (intercept === 'free') {
    // Centring takes a free intercept out of the problem; the triangle stands for the rows.
    const reduction = centredReduction(columns, target, weights, true);
    centre = Float64Array.from(reduction.centre);
    valueAtCentre = reduction.targetCentre;
    solution = nnlsColumns(reduction.triangle, reduction.qty);
  } else if (intercept === 'none') {
    solution = nnlsColumns(columns, target, options);
  } else {
    solution = nnlsColumns([...columns, new Float64Array(target.length).fill(1)], target, options);
    valueAtCentre = solution.x[size];
  }
  if (!solution.converged) {
    throw fault('regression/not-converged', {
      what: 'non-negative least squares',
      rule: 'must meet the optimality conditions to 1e-11',
      value: solution.kktViolation,
    });
  }
  const heldAtZero = names.filter((_, j) => solution.x[j] === 0);
  if (intercept === 'non-negative' && valueAtCentre === 0) heldAtZero.push(INTERCEPT);
  return {
    model: new LinearModel(
      {
        estimator: 'non-negative',
        terms,
        coefficients: solution.x.slice(0, size),
        centre,
        valueAtCentre,
        hasIntercept: intercept !== 'none',
      },
      range,
    ),
    heldAtZero,
    kktViolation: solution.kktViolation,
    converged: solution.converged,
  };
};
