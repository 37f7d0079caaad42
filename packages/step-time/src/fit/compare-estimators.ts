import { isFault } from '@stepclock/faults';
import { seededRandom, shuffled } from '@stepclock/numerics';
import {
  type Dataset,
  type Fitter,
  gradientBoosting,
  huber,
  leastSquares,
  type RegressionMetrics,
  randomForest,
  ransac,
  regressionMetrics,
  ridge,
  type Term,
  takeDatasetRows,
} from '@stepclock/regression';
import { stepTimeDataset, stepTimeTerms } from '../data/step-time-terms.js';
import type { StepTimes } from '../data/step-times.js';
import type { StepTimeWarning } from './fit-warnings.js';
import { settingSplit } from './setting-splits.js';

/** How one estimator did on the rows it saw and on those it did not; or why it could not. */
export type EstimatorScore =
  | { readonly name: string; readonly train: RegressionMetrics; readonly test: RegressionMetrics }
  | { readonly name: string; readonly failure: string };

/** The estimators side by side on one split. Errors in ms. */
export interface EstimatorComparison {
  readonly seed: number;
  readonly trainRows: number;
  readonly testRows: number;
  readonly scores: readonly EstimatorScore[];
}

export interface CompareOptions {
  /** Further features in the model. */
  readonly features?: readonly string[];
  /** Default 42. */
  readonly seed?: number;
  /** Rows compared at most, drawn by seed: forests are slow on long tables. Default 20,000. */
  readonly maxRows?: number;
}

const fitters = (terms: readonly Term[], seed: number): readonly (readonly [string, Fitter])[] => [
  ['OLS', (data) => leastSquares(data, { terms }).model],
  ['Huber', (data) => huber(data, { terms }).model],
  ['RANSAC', (data) => ransac(data, { terms, seed }).model],
  ['ridge', (data) => ridge(data, { terms, alpha: 1 })],
  ['forest', (data) => randomForest(data, { seed }).model],
  ['boosting', (data) => gradientBoosting(data, { seed }).model],
];

/**
 * Fits every estimator on the same 80 % of the rows, repeats of a setting on one side, and scores it on both parts. The linear ones use the model's terms; forest and boosting
 * find their own from the plain features, so they show what the formula leaves on the table.
 */
export const compareEstimators = (times: StepTimes, options: CompareOptions = {}): EstimatorComparison => {
  const { features = [], seed = 42, maxRows = 20_000 } = options;
  const all = stepTimeDataset(times, features);
  const data: Dataset =
    times.length <= maxRows
      ? all
      : takeDatasetRows(all, shuffled(times.length, seededRandom(seed, 'compare')).slice(0, maxRows));
  const { train, test } = settingSplit(data, seed);
  const seen = takeDatasetRows(data, train);
  const held = takeDatasetRows(data, test);
  const scores = fitters(stepTimeTerms(features), seed).map(([name, fitter]): EstimatorScore => {
    try {
      const model = fitter(seen);
      return {
        name,
        train: regressionMetrics(seen.target, model.predict(seen.features)),
        test: regressionMetrics(held.target, model.predict(held.features)),
      };
    } catch (error) {
      if (isFault(error, 'regression')) return { name, failure: error.message };
      throw error;
    }
  });
  return { seed, trainRows: train.length, testRows: test.length, scores };
};

/** Trees whose mean squared or mean relative error on held-out rows is below this part of the formula's show structure that it lacks. */
const FAR_LESS = 0.5;
/** A formula that misses held-out rows by less than this percentage on average is right enough. */
const RIGHT_ENOUGH = 5;

const TREES = ['forest', 'boosting'];

/** Whether trees, which know no formula, predict held-out steps far better than every fit of the formula: then it is the wrong one here. */
export const comparisonWarnings = ({ scores }: EstimatorComparison): StepTimeWarning[] => {
  const fitted = scores.flatMap((score) => ('failure' in score ? [] : [score]));
  const best = (isTree: boolean, errorOf: (metrics: RegressionMetrics) => number) =>
    fitted.filter(({ name }) => TREES.includes(name) === isTree).sort((a, b) => errorOf(a.test) - errorOf(b.test))[0];
  // One row that nothing predicts decides a mean square: relative errors are asked too.
  const errors = [({ mse }: RegressionMetrics) => mse, ({ mapePercent }: RegressionMetrics) => mapePercent ?? 0];
  const found = errors.flatMap((errorOf) => {
    const [trees, formula] = [best(true, errorOf), best(false, errorOf)];
    if (trees === undefined || formula === undefined) return [];
    const isWrong = errorOf(trees.test) < FAR_LESS * errorOf(formula.test);
    return isWrong && (formula.test.mapePercent ?? 0) >= RIGHT_ENOUGH ? [{ trees, formula }] : [];
  });
  if (found.length === 0) return [];
  const [{ trees, formula }] = found;
  const [less, more] = [trees.test, formula.test];
  const shown = ({ r2, mapePercent }: RegressionMetrics): string =>
    `r2 ${r2 === null ? 'not defined' : r2.toFixed(3)}, off by ${Number((mapePercent ?? 0).toPrecision(2))} % on average`;
  return [
    {
      code: 'wrong-formula',
      message: `Trees (${trees.name}) predict steps that they have not seen far better (${shown(less)}) than the formula (${shown(more)}): these steps follow another formula, so do not rely on this one.`,
    },
  ];
};
