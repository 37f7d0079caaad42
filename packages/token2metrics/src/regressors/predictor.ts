import type { FeatureTable } from '@stepclock/regression';

/** Compared with each other by `auto` and `all`, in this order. */
export const COMPARED = ['physics', 'linear', 'polynomial', 'random-forest', 'gradient-boosting'] as const;

/** A network takes minutes where the others take seconds: it is trained only when asked for by name. */
export const REGRESSORS = [...COMPARED, 'neural-network'] as const;

/** A way to predict a metric from token counts. */
export type RegressorName = (typeof REGRESSORS)[number];

/** What other programs call them. */
const SPELLINGS: Readonly<Record<string, RegressorName>> = {
  xgboost: 'gradient-boosting',
  'random-forests': 'random-forest',
  mlp: 'neural-network',
};

/**
 * A regressor by its name in any spelling, `random_forest`, `XGBoost`; what is none of them is returned as it is.
 *
 * @example
 * regressorCalled('xgboost') // => 'gradient-boosting'
 */
export const regressorCalled = (name: string): string => {
  const plain = name.trim().toLowerCase().replaceAll(/[_ ]+/g, '-');
  return SPELLINGS[plain] ?? (REGRESSORS.some((known) => known === plain) ? plain : name);
};

/** Whether it says nothing true outside the token counts that it was trained on. */
export const holdsInsideOnly = (name: string): boolean =>
  name === 'random-forest' || name === 'gradient-boosting' || name === 'neural-network';

/** The forms that a fitted regressor is written down in. */
type PredictorForm = 'physics' | 'power-ramp' | 'regression' | 'scaled';

/** How far a prediction may move between two requests because the training rows leave the form open. */
export interface Spread {
  /** Standard deviation of `predict(to) - predict(from)`, one a row, in the metric's unit. */
  readonly sd: Float64Array;
  /** Degrees of freedom of that standard deviation. */
  readonly df: number;
}

/** A fitted regressor: token counts in, one value a row out, in the metric's SI unit. */
export interface Predictor<F extends PredictorForm = PredictorForm> {
  readonly form: F;
  /** Features that `predict` cannot do without; physics takes what there is. */
  readonly featureNames: readonly string[];
  predict(tokens: FeatureTable): Float64Array;
  /** Undefined where the form cannot tell. */
  spread(from: FeatureTable, to: FeatureTable): Spread | undefined;
  /** Plain JSON with `form`, which `predictorSchema` reads. */
  toJSON(): { readonly form: F } & object;
}
