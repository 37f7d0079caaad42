import type { Dataset } from '../data/dataset.js';
import type { FeatureTable } from '../data/feature-table.js';
import { meanOf } from '../metrics/compensated-sum.js';
import { RegressionError } from '../regression-error.js';
import type { FittedModel, Fitter } from './fitted-model.js';
import { type ModelHeader, modelHeader, readModelHeader } from './model-json.js';
import type { TrainingRange } from './training-range.js';

/** A serialised log-target model: the inner model's JSON and one factor. */
export interface LogTargetJSON extends ModelHeader<'log-target'> {
  readonly smearing: number;
  readonly inner: object;
}

/** Predicts `smearing exp(inner)`: a model of the logarithm, brought back to the target's unit. */
export class LogTargetModel implements FittedModel<'log-target'> {
  readonly kind = 'log-target';
  readonly featureNames: readonly string[];
  readonly trainingRange: TrainingRange;

  constructor(
    /** Model of `ln(target)`. */
    readonly inner: FittedModel,
    /** Mean of exp(residual) over the training rows; 1 predicts the median instead of the mean. */
    readonly smearing: number,
  ) {
    this.featureNames = inner.featureNames;
    this.trainingRange = inner.trainingRange;
  }

  predict(features: FeatureTable): Float64Array {
    return this.inner.predict(features).map((value) => this.smearing * Math.exp(value));
  }

  toJSON(): LogTargetJSON {
    return {
      ...modelHeader('log-target', this.trainingRange),
      smearing: this.smearing,
      inner: this.inner.toJSON(),
    };
  }
}

/**
 * Fits the logarithm of the target, where errors are relative, and corrects the mean on the way back by Duan's smearing estimate
 * (1983, doi:10.1080/01621459.1983.10478017): `exp` of a mean is below the mean of the `exp`.
 *
 * @param smearing default true; false leaves the factor at 1, which predicts medians
 * @throws RegressionError `regression/bad-column` for a target at or below 0, with the row
 *
 * @example
 * logTarget(data, (d) => leastSquares(d).model).predict(features)
 */
export const logTarget = (data: Dataset, fitter: Fitter, smearing = true): LogTargetModel => {
  const logs = data.target.map((y, row) => {
    if (!(y > 0)) {
      throw new RegressionError(
        'regression/bad-column',
        `target: must be above 0 for its logarithm; got ${y} (row ${row})`,
        {
          feature: 'target',
          row,
          value: y,
          expected: 'above 0',
        },
      );
    }
    return Math.log(y);
  });
  const inner = fitter({ ...data, target: logs });
  if (!smearing) return new LogTargetModel(inner, 1);
  const predicted = inner.predict(data.features);
  const factor = meanOf(
    logs.map((value, i) => Math.exp(value - predicted[i])),
    data.weights,
  );
  return new LogTargetModel(inner, factor);
};

/**
 * Reads what {@link LogTargetModel.toJSON} wrote.
 *
 * @param readInner reader of any model
 */
export const logTargetFromJSON = (value: unknown, readInner: (value: unknown) => FittedModel): LogTargetModel => {
  const { reader } = readModelHeader(value, 'log-target');
  return new LogTargetModel(readInner(reader.raw('inner')), reader.number('smearing'));
};
