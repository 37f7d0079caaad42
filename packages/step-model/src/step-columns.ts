/**
 * A step log: what an engine says of each of its steps, or the true log of a simulated one. Columns of equal length;
 * the step tables of trace-io and engine-sim fit.
 */
export interface StepColumns {
  readonly length: number;
  readonly durationSec: Float64Array;
  /** Prefill tokens, those recomputed after a preemption included. */
  readonly prefillTokens: Float64Array;
  /** One for every decoding request. */
  readonly decodeTokens: Float64Array;
  /** Tokens of KV cache that the decodes read; vLLM's iteration lines do not tell. */
  readonly contextTokens?: Float64Array;
  /** Prompts computed in the step, and the sum of their tokens' positions, where the log tells. */
  readonly prefillRequests?: Float64Array;
  readonly prefillContext?: Float64Array;
}
