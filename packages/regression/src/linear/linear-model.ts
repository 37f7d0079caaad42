import { type FeatureTable, selectFeatures } from '../data/feature-table.js';
import { finitePredictions } from '../model/finite-predictions.js';
import type { FittedModel } from '../model/fitted-model.js';
import { modelHeader } from '../model/model-header.js';
import type { TrainingRange } from '../model/training-range.js';
import type { LinearEstimator, LinearJSON } from './linear-schema.js';
import { type Term, termColumns } from './term.js';

/** What intervals need besides the coefficients: `var(fit at x) = sigma^2 (1/totalWeight + |G'(x - centre)|^2)`. */
export interface LinearInference {
  /** Residual standard deviation of a row of weight 1. */
  readonly sigma: number;
  /** Residual degrees of freedom, at least 1. */
  readonly df: number;
  /** Sum of the weights; absent without an intercept, where the term `1/totalWeight` falls away. */
  readonly totalWeight?: number;
  /** Rows of G, with `G G' = (Xc' W Xc)^-1` over the centred columns. */
  readonly factor: readonly Float64Array[];
}

/** The parameters of a linear model. `y = valueAtCentre + sum_j coefficients[j] (term_j - centre[j])`. */
export interface LinearParameters {
  readonly estimator: LinearEstimator;
  readonly terms: readonly Term[];
  readonly coefficients: Float64Array;
  /** Where the terms were centred; zeros without an intercept. */
  readonly centre: Float64Array;
  readonly valueAtCentre: number;
  readonly hasIntercept: boolean;
  readonly inference?: LinearInference;
}

/** -0 becomes 0: JSON has no -0, and a round trip shall change nothing. */
const plainZero = (value: number): number => value + 0;

/**
 * A weighted sum of terms. It predicts from the centre outwards, so that features far from 0 (clock times, byte counts) do not cost digits.
 */
export class LinearModel implements FittedModel<'linear'>, LinearParameters {
  readonly kind = 'linear';
  readonly featureNames: readonly string[];
  readonly estimator: LinearEstimator;
  readonly terms: readonly Term[];
  readonly coefficients: Float64Array;
  readonly centre: Float64Array;
  readonly valueAtCentre: number;
  readonly hasIntercept: boolean;
  readonly inference?: LinearInference;

  constructor(
    parameters: LinearParameters,
    readonly trainingRange: TrainingRange,
  ) {
    this.featureNames = trainingRange.features.map(({ name }) => name);
    this.estimator = parameters.estimator;
    this.terms = parameters.terms;
    this.coefficients = parameters.coefficients.map(plainZero);
    this.centre = parameters.centre.map(plainZero);
    this.valueAtCentre = plainZero(parameters.valueAtCentre);
    this.hasIntercept = parameters.hasIntercept;
    if (parameters.inference !== undefined) {
      this.inference = {
        ...parameters.inference,
        factor: parameters.inference.factor.map((row) => row.map(plainZero)),
      };
    }
  }

  /** Value where all terms are 0. Far from the data it is an extrapolation, with few digits. */
  get intercept(): number {
    let value = this.valueAtCentre;
    for (let j = 0; j < this.coefficients.length; j++) {
      value -= this.coefficients[j] * this.centre[j];
    }
    return value;
  }

  predict(features: FeatureTable): Float64Array {
    const table = selectFeatures(features, this.featureNames);
    const predicted = new Float64Array(features.length).fill(this.valueAtCentre);
    termColumns(table, this.terms).forEach((column, j) => {
      const coefficient = this.coefficients[j];
      const centre = this.centre[j];
      for (let i = 0; i < predicted.length; i++) {
        predicted[i] = predicted[i] + coefficient * (column[i] - centre);
      }
    });
    return finitePredictions(predicted);
  }

  toJSON(): LinearJSON {
    const { inference } = this;
    return {
      ...modelHeader('linear', this.trainingRange),
      estimator: this.estimator,
      terms: this.terms.map(({ name, powers }) => ({ name, powers: powers.map((power) => ({ ...power })) })),
      coefficients: [...this.coefficients],
      centre: [...this.centre],
      value_at_centre: this.valueAtCentre,
      has_intercept: this.hasIntercept,
      ...(inference === undefined
        ? {}
        : {
            inference: {
              sigma: inference.sigma,
              df: inference.df,
              ...(inference.totalWeight === undefined ? {} : { total_weight: inference.totalWeight }),
              factor: inference.factor.map((row) => [...row]),
            },
          }),
    };
  }
}

/** A model from its JSON. */
export const linearModelOf = (json: LinearJSON): LinearModel => {
  const { inference } = json;
  return new LinearModel(
    {
      estimator: json.estimator,
      terms: json.terms,
      coefficients: Float64Array.from(json.coefficients),
      centre: Float64Array.from(json.centre),
      valueAtCentre: json.value_at_centre,
      hasIntercept: json.has_intercept,
      ...(inference === undefined
        ? {}
        : {
            inference: {
              sigma: inference.sigma,
              df: inference.df,
              ...(inference.total_weight === undefined ? {} : { totalWeight: inference.total_weight }),
              factor: inference.factor.map((row) => Float64Array.from(row)),
            },
          }),
    },
    json.training_range,
  );
};
