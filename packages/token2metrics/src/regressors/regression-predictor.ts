import type { FittedModel } from '@stepclock/regression';
import type { Predictor } from './predictor.js';

/** A regression model of token counts, as it is. */
export const regressionPredictor = (model: FittedModel): Predictor<'regression'> & { readonly model: FittedModel } => ({
  form: 'regression',
  featureNames: model.featureNames,
  model,
  predict: (tokens) => model.predict(tokens),
  spread: () => undefined,
  toJSON: () => ({ form: 'regression', model: model.toJSON() }),
});
