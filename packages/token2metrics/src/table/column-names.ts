import type { Metric } from './metric.js';
import type { Sheet } from './sheet.js';

/**
 * Names that files give to what we read, without their unit: the server sheet (`ttft, decode_time, total_time_ms`), the Jetson CSV
 * (`inference_time, prefill, decode`), the tidy form and published sweeps. Lower case; spaces and dashes read as underscores.
 */
export const METRIC_COLUMNS: Readonly<Record<Metric, readonly string[]>> = {
  ttft: ['ttft', 'time_to_first_token', 'prefill', 'prefill_time', 'prefill_latency'],
  decode: ['decode', 'decode_time', 'decode_latency'],
  total: ['total_time', 'total', 'total_latency', 'inference_time', 'latency', 'e2e_latency', 'end_to_end'],
  energy: ['energy', 'total_energy', 'gpu_energy'],
  power: ['power', 'avg_power', 'average_power', 'mean_power', 'avg_gpu_power', 'subject_avg_power'],
};

export const INPUT_TOKENS = ['input_tokens', 'prompt_tokens', 'input_length'];
export const OUTPUT_TOKENS = ['output_tokens', 'completion_tokens', 'generated_tokens', 'output_length'];
export const TOKENS_PER_SECOND = ['tokens_per_second', 'tokens_per_sec'];
export const MODEL_COLUMN = ['model', 'model_name'];
/** Runs that were measured in one go: a device warms up at the start of each. */
export const GROUP_COLUMN = ['subject', 'subset', 'run', 'sweep', 'task'];
/** What tells one question of a benchmark from another. */
export const QUESTION_COLUMN = ['question_id', 'question', 'prompt_id', 'request_id'];
export const BATCH_COLUMN = ['batch', 'batch_size'];

export const plainName = (column: string): string =>
  column
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_');

/** The first column of a sheet that has one of the names. */
export const columnCalled = ({ names }: Sheet, called: readonly string[]): number | undefined => {
  const index = names.findIndex((name) => called.includes(plainName(name)));
  return index < 0 ? undefined : index;
};
