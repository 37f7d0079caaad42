import { type FeatureTable, selectFeatures } from '../data/feature-table.js';

/** The box that the training rows lay in: one `[min, max]` a feature, and how many rows there were. */
export interface TrainingRange {
  readonly rows: number;
  readonly features: readonly { readonly name: string; readonly min: number; readonly max: number }[];
}

/** The range of each feature over the rows (over those of positive weight, when there are weights). */
export const trainingRangeOf = (table: FeatureTable, weights?: Float64Array): TrainingRange => {
  let rows = 0;
  const length = weights?.length ?? table.length;
  for (let i = 0; i < length; i++) if (weights === undefined || weights[i] > 0) rows++;
  return {
    rows,
    features: table.names.map((name, j) => {
      const column = table.columns[j];
      let min = Number.POSITIVE_INFINITY;
      let max = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < column.length; i++) {
        if (weights !== undefined && !(weights[i] > 0)) continue;
        const value = column[i];
        if (value < min) min = value;
        if (value > max) max = value;
      }
      return { name, min, max };
    }),
  };
};

/** What the hull tests need of a model. */
interface Trained {
  readonly featureNames: readonly string[];
  readonly trainingRange: TrainingRange;
}

/**
 * 1 where a row has a feature outside its training range, else 0. The hull here is the box of the single ranges: a row outside it is
 * an extrapolation for certain; a row inside may still lie in an empty corner of it.
 */
export const outsideHull = (model: Trained, features: FeatureTable): Uint8Array => {
  const table = selectFeatures(features, model.featureNames);
  const outside = new Uint8Array(table.length);
  model.trainingRange.features.forEach(({ min, max }, j) => {
    const column = table.columns[j];
    for (let i = 0; i < column.length; i++) {
      const value = column[i];
      if (!(min <= value && value <= max)) outside[i] = 1;
    }
  });
  return outside;
};
