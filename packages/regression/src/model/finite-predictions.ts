import { fault } from '../fault.js';

/**
 * The predictions, if all are numbers: a model of finite parameters still overflows where features are far too large for it.
 *
 * @throws Fault `regression/overflow` with the row
 */
export const finitePredictions = (predictions: Float64Array): Float64Array => {
  const row = predictions.findIndex((value) => !Number.isFinite(value));
  if (row < 0) return predictions;
  throw fault('regression/overflow', {
    what: 'prediction',
    rule: 'must be a finite number',
    value: predictions[row],
    row,
    hint: 'the features or the parameters of the model are far too large',
  });
};
