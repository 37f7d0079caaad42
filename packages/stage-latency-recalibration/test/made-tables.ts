import {
  perSampleTable,
  readMeasurements,
  type StageDataOptions,
  type StageTable,
  stageTableFrom,
  syntheticGpuCsv,
} from '../src/index.js';

/** A text as a stream of bytes. */
export async function* streamOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

/** Records as a table of configurations. */
export const tableOf = (records: readonly object[], options: StageDataOptions = {}): StageTable =>
  stageTableFrom(perSampleTable(records, 'made.json'), options);

/** Two made GPUs, few configurations. */
export const twoGpus = async (
  configurations = 60,
  noise = 0.01,
): Promise<readonly [source: StageTable, target: StageTable]> => {
  const table = await readMeasurements(
    streamOf(syntheticGpuCsv({ configurations, repeats: 1, noise, stragglers: 0, seed: 3 })),
    'made.csv',
  );
  return [stageTableFrom(table, { filter: ['gpu=GPU-L'] }), stageTableFrom(table, { filter: ['gpu=GPU-M'] })];
};

/** Noise-free times that are powers of the knobs: every log form holds them exactly. */
export const powerLaw = (n: number): object[] =>
  Array.from({ length: n }, (_, i) => {
    const vision_tokens = 64 * (1 + ((i * 7) % 11));
    const active_blocks = 8 + ((i * 5) % 13);
    return {
      vision_tokens,
      active_blocks,
      output_tokens: 9,
      T_LLM_prefill: 0.01 * vision_tokens ** 0.8 * active_blocks,
      T_LLM_decode_per_token: 0.2 * active_blocks ** 0.9,
    };
  });
