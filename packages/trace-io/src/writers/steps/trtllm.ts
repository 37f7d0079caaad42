import { linePieces } from './line-pieces.js';
import { dateText, endSecOf, engineOf, type WrittenSteps } from './written-steps.js';

/** Blocks of TensorRT-LLM's KV cache, tokens. */
const BLOCK_TOKENS = 32;

/** Steps as the lines of TensorRT-LLM's `print_iter_log`. */
export const trtllmLogPieces = (steps: WrittenSteps): Iterable<string> => linePieces(logLines(steps));

function* logLines(steps: WrittenSteps): Generator<string> {
  const { prefillRequests, prefillTokens, decodeTokens, durationSec } = steps;
  const last = new Map<number, { iteration: number; ms: string }>();
  for (let i = 0; i < steps.length; i++) {
    const rank = engineOf(steps, i);
    const before = last.get(rank);
    const iteration = (before?.iteration ?? 0) + 1;
    const ms = `${1000 * durationSec[i]}ms`;
    const requests = prefillRequests[i] + decodeTokens[i];
    const end = dateText(endSecOf(steps, i));
    // The device's time is of the step before.
    yield `[TRT-LLM] [I] [_torch][RANK ${rank}] iter = ${iteration}, global_rank = ${rank}, rank = ${rank}, num_scheduled_requests = ${requests}, kv_cache_util = 0.100, currank_total_requests = 0/0, host_step_time = ${ms}, prev_device_step_time = ${before?.ms ?? 'N/A'}, timestamp = ${end}, states = {'num_ctx_requests': ${prefillRequests[i]}, 'num_ctx_tokens': ${prefillTokens[i]}, 'num_generation_tokens': ${decodeTokens[i]}}`;
    last.set(rank, { iteration, ms });
  }
}

/** Steps as TensorRT-LLM's iteration statistics, JSON lines: contexts in whole blocks. */
export const trtllmStatsPieces = (steps: WrittenSteps): Iterable<string> => linePieces(statsLines(steps));

function* statsLines(steps: WrittenSteps): Generator<string> {
  for (let i = 0; i < steps.length; i++) {
    const tokens = steps.contextTokens[i] + steps.prefillTokens[i];
    yield JSON.stringify({
      iter: i + 1,
      iterLatencyMS: 1000 * steps.durationSec[i],
      attentionDpRank: engineOf(steps, i),
      inflightBatchingStats: {
        numScheduledRequests: steps.prefillRequests[i] + steps.decodeTokens[i],
        numContextRequests: steps.prefillRequests[i],
        numCtxTokens: steps.prefillTokens[i],
        numGenRequests: steps.decodeTokens[i],
        numPausedRequests: 0,
      },
      kvCacheStats: { usedNumBlocks: Math.round(tokens / BLOCK_TOKENS), tokensPerBlock: BLOCK_TOKENS },
    });
  }
}
