import { REGRESSORS, type RegressorName, regressorCalled } from '@stepclock/token2metrics';
import { type ArgsOf, alias, choice, list, type Option, text } from '../../options/option.js';

/** Options of the verbs that read measurements. */
export const dataOptions = {
  data: text('measured requests: .xlsx (one sheet a model), CSV or JSON lines [the bundled synthetic set]', 'input'),
  units: list('units of columns whose names do not tell, as column=unit: ttft=ms,decode_time=ms'),
  columns: list('which column a metric is, as metric=column: energy=gpu_energy_j'),
  sheet: text('the sheet of a workbook [every sheet whose header fits]'),
  join: text('a table of the same questions, for the prompt lengths that the data does not have', 'input'),
  config: list('further model configurations, JSON files', 'input'),
};

/** Options that choose a trained model. */
export const modelOptions = {
  model: text('which model of the folder'),
  'model-path': alias('model_path', text('folder of trained models, or one model file [token2metrics]', 'models')),
};

/** What a model's file says about where it was measured. */
export const factOptions = {
  device: text('the device measured, for the model file'),
  engine: text('the engine measured, for the model file'),
  'power-mode': text("the device's power mode, for the model file"),
  'power-rail': text('what the power meter covered, for the model file'),
};

/** A regressor, or one of some further words, in any spelling: `random_forest`, `xgboost`. */
export const regressorOption = <const T extends string>(
  further: readonly T[],
  describe: string,
): Option<RegressorName | T | undefined> => {
  const names = choice([...further, ...REGRESSORS], describe);
  return {
    yargs: { ...names.yargs, coerce: (word: unknown) => (typeof word === 'string' ? regressorCalled(word) : word) },
    parse: names.parse,
  };
};

export type DataArgs = ArgsOf<typeof dataOptions>;
export type ModelArgs = ArgsOf<typeof modelOptions>;
export type FactArgs = ArgsOf<typeof factOptions>;
