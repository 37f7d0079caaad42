import { linePieces } from './line-pieces.js';
import { dateText, endSecOf, engineOf, type WrittenSteps } from './written-steps.js';

/** Size of the KV cache, where nothing names one, tokens: usage is rounded to a thousandth of it. */
const CACHE_TOKENS = 262_144;

/** Steps as the iteration lines of a vLLM server's log, with the usage of a KV cache of so many tokens. */
export const vllmLogPieces = (steps: WrittenSteps, cacheTokens = CACHE_TOKENS): Iterable<string> =>
  linePieces(lines(steps, cacheTokens));

function* lines(steps: WrittenSteps, cacheTokens: number): Generator<string> {
  const { prefillRequests, prefillTokens, decodeTokens, contextTokens, durationSec } = steps;
  const counted = new Map<number, number>();
  const size = String(cacheTokens).replace(/\B(?=(\d{3})+$)/g, ',');
  yield `(EngineCore pid=1) INFO 01-02 00:00:00 [kv_cache_utils.py:2327] GPU KV cache size: ${size} tokens`;
  for (let i = 0; i < steps.length; i++) {
    const engine = engineOf(steps, i);
    const iteration = counted.get(engine) ?? 0;
    counted.set(engine, iteration + 1);
    const usage = (100 * (contextTokens[i] + prefillTokens[i])) / cacheTokens;
    const stamp = dateText(endSecOf(steps, i)).slice(5);
    const n = decodeTokens[i];
    yield `(APIServer pid=1) INFO ${stamp} [loggers.py:199] Engine ${String(engine).padStart(3, '0')}: Iteration(${iteration}): ${prefillRequests[i]} context requests, ${prefillTokens[i]} context tokens, ${n} generation requests, ${n} generation tokens, iteration elapsed time: ${(1000 * durationSec[i]).toFixed(2)} ms, GPU KV cache usage: ${usage.toFixed(1)}%`;
  }
}
