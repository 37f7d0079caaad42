import type { NameColumn } from '../names/name-column.js';

/**
 * One row a request, as columns. What a format does not tell is absent (whole column) or NaN (single rows).
 * Times are seconds on one clock.
 */
export interface RequestTable {
  readonly length: number;
  readonly requestIds: NameColumn;
  /** Arrival at the engine (queued). */
  readonly arrivalSec?: Float64Array;
  /** First scheduled: the start of the prefill phase. Equal to the arrival where the queue is folded in. */
  readonly scheduledSec?: Float64Array;
  readonly firstTokenSec?: Float64Array;
  readonly lastTokenSec?: Float64Array;
  /** Prompt tokens, cached ones included. */
  readonly promptTokens: Float64Array;
  readonly cachedTokens?: Float64Array;
  /** Output tokens, the first one included. */
  readonly outputTokens: Float64Array;
  /** Steps of the decode where the format counts them (speculative decoding gives several tokens a step); NaN: not told. */
  readonly decodeSteps?: Float64Array;
  /** How often the request was preempted. */
  readonly preemptions?: Float64Array;
  readonly instance?: Uint32Array;
  readonly instanceIds?: NameColumn;
}
