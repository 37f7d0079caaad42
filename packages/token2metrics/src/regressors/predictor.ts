import type { FeatureTable } from '@stepclock/regression';

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
