import {
  type FittedModel,
  gaussianProcessOf,
  gaussianProcessParametersSchema,
  LinearModel,
  type MlpModel,
  modelOf,
  modelSchema,
} from '@stepclock/regression';
import * as v from 'valibot';

/** A model of the regression package, of the kind that is wanted. */
const modelThat = <M extends FittedModel>(rule: string, is: (model: FittedModel) => model is M) =>
  v.pipe(
    modelSchema,
    v.rawTransform(({ dataset, addIssue, NEVER }): M => {
      const model = modelOf(dataset.value);
      if (is(model)) return model;
      addIssue({ message: rule });
      return NEVER;
    }),
  );

export const linearModelSchema = modelThat('must be a linear model', (model) => model instanceof LinearModel);

export const networkSchema = modelThat('must be a network', (model): model is MlpModel => model.kind === 'mlp');

export const processSchema = v.pipe(gaussianProcessParametersSchema, v.transform(gaussianProcessOf));
