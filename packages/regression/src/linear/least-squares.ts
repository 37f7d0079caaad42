import { CompensatedSum } from '@stepclock/numerics';
import type { Dataset } from '../data/dataset.js';
import { confidenceLevel } from '../model/option-checks.js';
import { centredReduction } from './centred-reduction.js';
import { designOf } from './design.js';
import { type CoefficientInference, coefficientTable } from './inference/coefficient-table.js';
import { type ConditionNumbers, conditionNumbers } from './inference/condition-number.js';
import { type FitStatistics, fitStatistics } from './inference/fit-statistics.js';
import { LinearModel } from './linear-model.js';
import { rowPass } from './row-pass.js';
import { solveCentred } from './solve-centred.js';
import type { Term } from './term.js';

export interface LeastSquaresOptions {
  /** Columns of the design matrix besides the intercept. Default: every feature as it is. */
  readonly terms?: readonly Term[];
  /** Default true. Without one, r2 and F compare with y = 0 instead of with the mean, as is usual. */
  readonly intercept?: boolean;
  /**
   * What the data set's weights are. `precision` (default): inverse variances up to a common factor, such as `1/y^2` for a constant relative error;
   * rows count as rows. `frequency`: the row stands for that many equal rows; all figures are those of the repeated data.
   */
  readonly weightKind?: 'precision' | 'frequency';
  /** Of the intervals; default 0.95. */
  readonly level?: number;
  /** Size, relative to the column, at which the part of a column that the others do not explain counts as 0. Default: the level of rounding. */
  readonly rankTolerance?: number;
}

/** A remark that a reader of the figures should see. */
export interface FitWarning {
  readonly code: 'constant-target' | 'exact-fit' | 'saturated' | 'near-collinear' | 'full-leverage';
  readonly message: string;
}

/** A least-squares fit: the model to predict with, and everything that says how far to trust it. */
export interface LeastSquaresFit {
  readonly model: LinearModel;
  /** One a term, in their order; the intercept last. */
  readonly coefficients: readonly CoefficientInference[];
  readonly statistics: FitStatistics;
  readonly conditionNumber: ConditionNumbers;
  /** Measured - fitted, one a row. */
  readonly residuals: Float64Array;
  readonly fitted: Float64Array;
  /** Diagonal of the hat matrix, one a row; 0 for rows of weight 0. */
  readonly leverage: Float64Array;
  readonly weights?: Float64Array;
  readonly level: number;
  readonly warnings: readonly FitWarning[];
}

/** Residuals of this size relative to the target are rounding. */
const EXACT = 16 * Number.EPSILON;

const weightedSquares = (values: Float64Array, weights: Float64Array | undefined): number => {
  const sum = new CompensatedSum();
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    sum.add((weights === undefined ? 1 : weights[i]) * value * value);
  }
  return sum.value;
};

/** Rows that count and what they weigh together. */
const massOf = (weights: Float64Array | undefined, rows: number): { rows: number; total: number; logSum: number } => {
  if (weights === undefined) return { rows, total: rows, logSum: 0 };
  const total = new CompensatedSum();
  const logSum = new CompensatedSum();
  let positive = 0;
  for (const weight of weights) {
    if (!(weight > 0)) continue;
    positive++;
    total.add(weight);
    logSum.add(Math.log(weight));
  }
  return { rows: positive, total: total.value, logSum: logSum.value };
};

/**
 * Ordinary or weighted least squares, `min sum w (y - X b)^2`, with inference.
 *
 * Columns are centred and scaled, reduced by blocked Householder QR (never `X'X`), and solved by pivoted QR. Standard errors are the classic
 * ones and HC3 (MacKinnon and White 1985), which stays honest when the errors' size varies from row to row.
 *
 * @param data n rows; checked by `dataset`
 * @throws Fault `regression/rank-deficient`, with the names of the collinear terms; `regression/not-enough-rows`,
 *   `regression/missing-feature`, `regression/bad-option`
 *
 * @example
 * const data = dataset(featuresOf({ tokens: [1, 2, 3, 4] }), Float64Array.of(2.1, 3.9, 6.2, 7.8))
 * leastSquares(data).coefficients[0].estimate // => 1.94
 */
export const leastSquares = (data: Dataset, options: LeastSquaresOptions = {}): LeastSquaresFit => {
  const { intercept = true, weightKind = 'precision', level = 0.95, rankTolerance } = options;
  confidenceLevel(level);
  const { target, weights } = data;
  const { terms, columns, names, range } = designOf(data, options.terms, intercept);
  const mass = massOf(weights, target.length);
  const p = terms.length + (intercept ? 1 : 0);
  const frequency = weightKind === 'frequency' && weights !== undefined;
  const n = frequency ? mass.total : mass.rows;

  const reduction = centredReduction(columns, target, weights, intercept);
  const solution = solveCentred(reduction, names, mass, intercept, rankTolerance);
  const pass = rowPass({
    columns,
    target,
    weights,
    ...solution,
    centre: reduction.centre,
    valueAtCentre: reduction.targetCentre,
    centreVariance: intercept ? 1 / mass.total : 0,
    frequency,
  });
  const condition = conditionNumbers(reduction, mass.total, intercept);
  const statistics = fitStatistics({
    n,
    p,
    intercept,
    rss: weightedSquares(pass.residuals, weights),
    // Orthogonality: what the columns explain is the length of Q'y.
    ess: reduction.qty.reduce((sum, value) => sum + value * value, 0),
    logWeightSum: frequency ? 0 : mass.logSum,
  });
  const { sigma, df } = statistics;
  const model = new LinearModel(
    {
      estimator: 'least-squares',
      terms,
      coefficients: solution.coefficients,
      centre: reduction.centre,
      valueAtCentre: reduction.targetCentre,
      hasIntercept: intercept,
      ...(sigma === null
        ? {}
        : { inference: { sigma, df, factor: solution.factor, ...(intercept ? { totalWeight: mass.total } : {}) } }),
    },
    range,
  );
  const coefficients = coefficientTable({
    model,
    factor: solution.factor,
    scales: solution.scales,
    centreVariance: intercept ? 1 / mass.total : 0,
    sigma,
    df,
    level,
    meat: pass.meat,
  });
  return {
    model,
    coefficients,
    statistics,
    conditionNumber: condition,
    residuals: pass.residuals,
    fitted: pass.fitted,
    leverage: pass.leverage,
    ...(weights === undefined ? {} : { weights }),
    level,
    warnings: warningsOf(
      statistics,
      weightedSquares(target, weights),
      condition,
      pass.meat === undefined,
      coefficients,
    ),
  };
};

const warningsOf = (
  { df, rss, tss }: FitStatistics,
  targetSquares: number,
  { scaled }: ConditionNumbers,
  fullLeverage: boolean,
  coefficients: readonly CoefficientInference[],
): FitWarning[] => {
  const warnings: FitWarning[] = [];
  const add = (code: FitWarning['code'], message: string): void => {
    warnings.push({ code, message });
  };
  if (tss === 0) add('constant-target', 'The target is the same on every row: r2, F and their p are not defined.');
  if (df === 0) {
    add(
      'saturated',
      'As many coefficients as rows: the fit passes through every point, and no error can be estimated.',
    );
  } else if (rss <= EXACT * EXACT * targetSquares) {
    add('exact-fit', 'The residuals are rounding errors: standard errors and tests say nothing.');
  }
  if (fullLeverage && df > 0) {
    add('full-leverage', 'A point has leverage 1: it alone fixes a coefficient, and HC3 errors are not defined.');
  }
  if (scaled > 1e8) {
    const worst = coefficients.filter(({ vif }) => vif !== null && vif > 1e6).map(({ term }) => term);
    add(
      'near-collinear',
      `Nearly collinear columns (scaled condition number ${scaled.toExponential(1)}): about ${Math.max(0, Math.floor(15.9 - Math.log10(scaled)))} digits of the ` +
        `coefficients are sure${worst.length > 0 ? `; concerned: ${worst.join(', ')}` : ''}.`,
    );
  }
  return warnings;
};
