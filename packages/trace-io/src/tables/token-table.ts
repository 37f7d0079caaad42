/**
 * When each chunk of each request reached the client: what benchmark clients write with their detailed results. One row a request,
 * all chunk times in one column (8 bytes a chunk). Seconds on one clock.
 */
export interface TokenTable {
  readonly requestCount: number;
  /** When the client sent each request. Where the file does not tell (`starts` is 'unknown'): 0, and chunk times count from there. */
  readonly sentSec: Float64Array;
  /** Prompt tokens, cached ones included. */
  readonly promptTokens: Float64Array;
  readonly cachedTokens?: Float64Array;
  /** Output tokens, the first included; of a request that was cut off, those that came. */
  readonly outputTokens: Float64Array;
  /** Request r owns the chunks `chunkOffsets[r]` to `chunkOffsets[r + 1]` (exclusive) of `chunkSec`; one element more than requests. */
  readonly chunkOffsets: Uint32Array;
  /** Arrival of every chunk, ascending within a request; the first chunk holds the first token. */
  readonly chunkSec: Float64Array;
  /** Which run or engine a request belongs to, where the file tells. */
  readonly instance?: Uint32Array;
  /** Decodes of requests that were cut off and showed no chunk: between about which moments, and the tokens of their prompts. */
  readonly unseen?: {
    readonly fromSec: Float64Array;
    readonly toSec: Float64Array;
    readonly promptTokens: Float64Array;
  };
  /** How long the run took, where the file tells; seconds. */
  readonly durationSec?: number;
  readonly starts: 'given' | 'rebuilt' | 'unknown';
}
