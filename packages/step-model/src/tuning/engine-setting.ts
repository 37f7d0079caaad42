import type { EngineLimits } from '@stepclock/engine-sim';

/** What of an engine can be turned without another engine. */
export interface EngineSetting {
  readonly maxNumSeqs: number;
  readonly maxNumBatchedTokens: number;
  /** What a step holds: prefill beside decodes, or prefill alone and first. */
  readonly policy: 'mixed' | 'prefill-first';
  /** GPUs of an engine, and engines behind a router; absent where no number of GPUs was asked for. */
  readonly tensorParallelSize?: number;
  readonly dataParallelSize?: number;
}

/** Values to try of each. */
export interface SettingsGrid {
  readonly maxNumSeqs: readonly number[];
  readonly maxNumBatchedTokens: readonly number[];
  readonly policy: readonly EngineSetting['policy'][];
}

export const USUAL_GRID: Omit<SettingsGrid, 'policy'> = {
  maxNumSeqs: [8, 16, 32, 64, 128, 256, 512],
  maxNumBatchedTokens: [512, 1024, 2048, 4096, 8192, 16384],
};

const ascending = (values: readonly number[]): readonly number[] => [...new Set(values)].sort((a, b) => a - b);

/** Every setting of a grid that an engine takes: no budget below the number of requests, as in vLLM. */
export const settingsOf = ({ maxNumSeqs, maxNumBatchedTokens, policy }: SettingsGrid): readonly EngineSetting[] =>
  policy.flatMap((one) =>
    ascending(maxNumBatchedTokens).flatMap((budget) =>
      ascending(maxNumSeqs)
        .filter((seqs) => seqs <= budget)
        .map((seqs) => ({ maxNumSeqs: seqs, maxNumBatchedTokens: budget, policy: one })),
    ),
  );

export const isSameSetting = (a: EngineSetting, b: EngineSetting): boolean =>
  a.maxNumSeqs === b.maxNumSeqs &&
  a.maxNumBatchedTokens === b.maxNumBatchedTokens &&
  a.policy === b.policy &&
  a.tensorParallelSize === b.tensorParallelSize;

/** The limits of an engine with this setting. */
export const limitsWith = (
  limits: EngineLimits,
  { maxNumSeqs, maxNumBatchedTokens, policy }: EngineSetting,
): EngineLimits => ({ ...limits, maxNumSeqs, maxNumBatchedTokens, prefillFirst: policy === 'prefill-first' });

/** A setting as the flags of two engines; null where the engine has none for it. */
export interface EngineFlags {
  readonly vllm: string | null;
  readonly sglang: string;
}

/**
 * vLLM's V1 always mixes prefill and decodes; SGLang does where it is told to. The limits are those of a rank in both: SGLang divides them among the
 * ranks under `--enable-dp-attention` alone.
 */
export const flagsOf = (setting: EngineSetting): EngineFlags => {
  const { maxNumSeqs, maxNumBatchedTokens, policy, tensorParallelSize: tensor, dataParallelSize: data } = setting;
  const parallel = (tensorFlag: string, dataFlag: string): string =>
    tensor === undefined || data === undefined ? '' : `${tensorFlag} ${tensor} ${dataFlag} ${data} `;
  const vllm = `${parallel('--tensor-parallel-size', '--data-parallel-size')}--max-num-seqs ${maxNumSeqs} --max-num-batched-tokens ${maxNumBatchedTokens}`;
  const sglang = `${parallel('--tp-size', '--dp-size')}--max-running-requests ${maxNumSeqs} --chunked-prefill-size ${maxNumBatchedTokens} --max-prefill-tokens ${maxNumBatchedTokens}`;
  return policy === 'mixed' ? { vllm, sglang: `${sglang} --enable-mixed-chunk` } : { vllm: null, sglang };
};
