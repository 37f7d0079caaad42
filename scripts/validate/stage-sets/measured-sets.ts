// The stage measurements of two GPUs that several parts use: docs/accuracy.md describes them.
import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  readMeasurements,
  type StageDataOptions,
  type StageTable,
  stageTableFrom,
} from '@stepclock/stage-latency-recalibration';

const words = process.argv.slice(2);
/** Fewer draws. */
export const quick = words.includes('--quick');
const [data = '../shared/data', ...names] = words.filter((word) => !word.startsWith('--'));

/** The folder of all measurements, as the command line names it, and sets that it names. */
export { data, names };

const folder = join(data, 'stage');

export const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Whether the measurements are there; says so where they are not. */
export const hasMeasurements = (): boolean => {
  if (existsSync(folder)) return true;
  say(`skipped: no stage measurements at ${folder}`);
  return false;
};

/** A file of measurements as a table. */
export const readStages = (file: string): ReturnType<typeof readMeasurements> =>
  readMeasurements(createReadStream(join(folder, file)), file);

export interface MeasuredSet {
  readonly name: string;
  readonly file: string;
  readonly source: string;
  readonly target: string;
  readonly columns: StageDataOptions;
}

export const A1: MeasuredSet = {
  name: 'a1',
  file: 'a1_splitwise_stage.csv',
  source: 'h100-80gb',
  target: 'a100-80gb',
  columns: {
    stages: ['prefill_ms', 'decode_per_token_ms'],
    features: ['model', 'tp', 'prompt_tokens', 'batch_size', 'output_tokens'],
    decodeSteps: 16,
  },
};

export const A2: MeasuredSet = {
  name: 'a2',
  file: 'a2_vidur_ops.csv',
  source: 'h100',
  target: 'a100',
  columns: {
    stages: ['T_qkv_proj_ms', 'T_out_proj_ms', 'T_mlp_up_ms', 'T_mlp_down_ms', 'T_elementwise_ms'],
    features: ['n_embd', 'n_ffn', 'n_head', 'n_kv_head', 'gated', 'tp', 'num_tokens'],
  },
};

export const A3: MeasuredSet = {
  name: 'a3',
  file: 'a3_mllm_composed_4090_pro6000.csv',
  source: 'RTXPRO6000',
  target: 'RTX4090',
  columns: {
    features: ['img_size', 'crops', 'pool', 'vision_tokens', 'prompt_tokens', 'active_blocks'],
    decodeSteps: 16,
  },
};

/** The configurations of a set on both of its GPUs. */
export const sourceAndTarget = async (set: MeasuredSet): Promise<readonly [source: StageTable, target: StageTable]> => {
  const table = await readStages(set.file);
  const on = (gpu: string): StageTable => stageTableFrom(table, { ...set.columns, filter: [`gpu=${gpu}`] });
  return [on(set.source), on(set.target)];
};
