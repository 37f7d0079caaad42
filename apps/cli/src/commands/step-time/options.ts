import { notNegative } from '../../options/number-rules.js';
import { alias, list, number, required, text } from '../../options/option.js';

/** Options of the verbs that read measured steps. */
export const dataOptions = {
  'data-path': alias(
    'data_path',
    required(text('measured steps: CSV or JSON lines with batch_size, avg_seq_len, step_time (s)', 'input')),
  ),
  filter: list('only rows where column=value, such as gpu=RTX4090; several must all hold'),
  'error-threshold': alias(
    'error_threshold',
    number('list points that are missed by more than this percentage [20]', notNegative),
  ),
};

export const modelOption = {
  model: required(text("a NAME.json that 'stepclock step-time fit' wrote", 'input')),
};
