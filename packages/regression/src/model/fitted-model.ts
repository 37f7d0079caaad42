import type { Dataset } from '../data/dataset.js';
import type { FeatureTable } from '../data/feature-table.js';
import type { TrainingRange } from './training-range.js';

/** The kinds of model, which discriminate the union of their serialised forms. */
export type ModelKind = 'linear' | 'forest' | 'boosting' | 'mlp' | 'gaussian-process';

/**
 * A model that has been fitted: it predicts, it says what it was trained on, and it can be written down.
 * `modelFromJSON(JSON.parse(JSON.stringify(model)))` predicts the same to the last bit.
 */
export interface FittedModel<K extends ModelKind = ModelKind> {
  readonly kind: K;
  /** What `predict` looks for in its table, by name; the table's order does not matter, and it may hold more. */
  readonly featureNames: readonly string[];
  /** Where the training rows lay: what {@link outsideHull} tests. */
  readonly trainingRange: TrainingRange;
  /**
   * One value a row, in the target's unit.
   *
   * @throws Fault `regression/missing-feature`
   */
  predict(features: FeatureTable): Float64Array;
  /** A plain object of finite numbers, strings, booleans and arrays; no code. Called by `JSON.stringify`. */
  toJSON(): { readonly kind: K } & object;
}

/** What turns data into a model: the argument of cross-validation, comparison and conformal intervals. */
export type Fitter<M extends FittedModel = FittedModel> = (data: Dataset) => M;
