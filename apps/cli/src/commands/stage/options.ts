import { DECODE_CONVENTIONS } from '@stepclock/stage-latency-recalibration';
import { count, integer } from '../../options/number-rules.js';
import { type ArgsOf, choice, flag, list, number, paths, required, text } from '../../options/option.js';

/** What the columns of measurements mean. */
export const columnOptions = {
  stages: list('columns of stage times in ms [the known ones: T_vision_encoder, T_projector, ...]'),
  features: list('knob columns [the known ones: vision_tokens, prompt_tokens, top_k, active_blocks, task]'),
  'per-step-stages': list('stages that count once a decode step [those with per_token in their name]'),
  'output-tokens': text('column of output tokens [output_tokens, unless it is a knob]'),
  'decode-steps': number('decode steps of every request, instead of output tokens', count),
  'decode-convention': choice(
    DECODE_CONVENTIONS,
    'whether D output tokens take D-1 or D decode steps [prefill-emits-first]',
  ),
  'drop-incomplete': flag('leave rows out where a stage is 0 or missing, instead of refusing'),
};

export const filterOption = { filter: list('only rows where column=value, such as gpu=H100; several must all hold') };

/** Options of the verbs that read measurements. */
export const dataOptions = {
  data: required(
    paths('measurements: CSV, JSON lines or per-sample JSON; files, folders, patterns; - is standard input', 'tables'),
  ),
  ...filterOption,
  ...columnOptions,
};

/** A table of configurations to predict, without measured times. */
export const knobOptions = {
  data: paths('a table of knobs, one row a configuration; files, folders, patterns', 'tables'),
  ...filterOption,
  'output-tokens': columnOptions['output-tokens'],
  'decode-steps': columnOptions['decode-steps'],
};

export const modelOption = {
  model: required(text("a file that 'stage train', 'stage recalibrate' or 'stage experiment' wrote", 'input')),
};

export const seedOption = { seed: number('of everything drawn [0]', integer) };

export type ColumnArgs = ArgsOf<typeof columnOptions>;
