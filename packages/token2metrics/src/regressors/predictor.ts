import type { FeatureTable } from '@stepclock/regression';

export const REGRESSORS = ['physics', 'linear', 'polynomial', 'random-forest', 'gradient-boosting'] as const;

/** A way to predict a metric from token counts. */
export type RegressorName = (typeof REGRESSORS)[number];

/** Whether it says nothing true outside the token counts that it was trained on. */
export const isTree = (name: string): boolean => name === 'random-forest' || name === 'gradient-boosting';

/** The forms that a fitted regressor is written down in. */
export type PredictorForm = 'physics' | 'power-ramp' | 'regression' | 'scaled';

/** A fitted regressor: token counts in, one value a row out, in the metric's SI unit. */
export interface Predictor<F extends PredictorForm = PredictorForm> {
  readonly form: F;
  predict(tokens: FeatureTable): Float64Array;
  /** Plain JSON with `form`, which `predictorFromJSON` reads. */
  toJSON(): { readonly form: F } & object;
}
