import { existsSync } from 'node:fs';
import { notNegative } from '../../options/number-rules.js';
import { alias, list, number, type Option, required, text } from '../../options/option.js';
import { usageFault } from '../../session/errors.js';

/** Where the published system leaves its measured steps. */
const PUBLISHED_PATH = 'analytic_model/profile/step_time.jsonl';

const dataPath = text(
  `measured steps: CSV or JSON lines with batch_size, avg_seq_len, step_time (s) [${PUBLISHED_PATH}, where it exists]`,
  'input',
);

/** The published path where it is not given and that file exists. */
const dataPathOrPublished: Option<string> = {
  ...dataPath,
  parse: (value, flag) => {
    const path = dataPath.parse(value, flag) ?? (existsSync(PUBLISHED_PATH) ? PUBLISHED_PATH : undefined);
    if (path !== undefined) return path;
    throw usageFault(flag, `must be given, where there is no ${PUBLISHED_PATH}`);
  },
};

/** Options of the verbs that read measured steps. */
export const dataOptions = {
  'data-path': alias('data_path', dataPathOrPublished),
  filter: list('only rows where column=value, such as gpu=RTX4090; several must all hold'),
  'error-threshold': alias(
    'error_threshold',
    number('list points that are missed by more than this percentage [20]', notNegative),
  ),
};

export const modelOption = {
  model: required(text("a NAME.json that 'stepclock step-time fit' wrote", 'input')),
};
