import { Fault } from '@stepclock/faults';
import type { TokenTable } from '../tables/token-table.js';

/** Requests whose gaps are written at a time. */
const REQUESTS_A_PIECE = 256;

/**
 * Token times as a result of `vllm bench serve --save-detailed`, in pieces: input_lens, output_lens, ttfts, itls and, where they are known,
 * start_times; seconds. Cached tokens and engines have no place there. Reading it again gives the same times to the nanosecond.
 *
 * @throws Fault `trace-io/no-chunks` for a request without a chunk
 */
export function* vllmBenchChunks(tokens: TokenTable): Generator<string> {
  const { requestCount, chunkOffsets, chunkSec, sentSec, starts } = tokens;
  const sum = (column: Float64Array): number => column.reduce((total, value) => total + value, 0);
  for (let r = 0; r < requestCount; r++) {
    if (chunkOffsets[r + 1] > chunkOffsets[r]) continue;
    throw new Fault('trace-io/no-chunks', { what: `request ${r}`, rule: 'must have a chunk at least', value: 0 });
  }
  const head = {
    endpoint_type: 'stepclock',
    backend: 'stepclock',
    num_prompts: requestCount,
    ...(tokens.durationSec !== undefined && { duration: tokens.durationSec }),
    completed: requestCount,
    total_input_tokens: sum(tokens.promptTokens),
    total_output_tokens: sum(tokens.outputTokens),
    input_lens: Array.from(tokens.promptTokens),
    output_lens: Array.from(tokens.outputTokens),
    ttfts: Array.from({ length: requestCount }, (_, r) => nanosecond(chunkSec[chunkOffsets[r]] - sentSec[r])),
    ...(starts !== 'unknown' && { start_times: Array.from(sentSec, nanosecond) }),
    errors: Array.from({ length: requestCount }, () => ''),
  };
  yield `${JSON.stringify(head).slice(0, -1)},"itls":[`;
  for (let from = 0; from < requestCount; from += REQUESTS_A_PIECE) {
    const lists: string[] = [];
    for (let r = from; r < Math.min(from + REQUESTS_A_PIECE, requestCount); r++) {
      const gaps: number[] = [];
      for (let i = chunkOffsets[r] + 1; i < chunkOffsets[r + 1]; i++)
        gaps.push(nanosecond(chunkSec[i] - chunkSec[i - 1]));
      lists.push(JSON.stringify(gaps));
    }
    yield `${from === 0 ? '' : ','}${lists.join(',')}`;
  }
  yield ']}\n';
}

const nanosecond = (sec: number): number => Math.round(sec * 1e9) / 1e9;
