import type { NameColumn } from '../names/name-column.js';

/**
 * The engine's own log of its steps, one row a step, as columns of equal length: the ground truth that a fit from a request
 * trace can be compared with. Seconds and token counts.
 */
export interface StepTable {
  readonly length: number;
  readonly durationSec: Float64Array;
  readonly prefillTokens: Float64Array;
  /** One for every decoding request. */
  readonly decodeTokens: Float64Array;
  readonly startSec?: Float64Array;
  /** Tokens that the decoding requests hold in the KV cache when the step starts. */
  readonly contextTokens?: Float64Array;
  readonly prefillRequests?: Float64Array;
  /** Sum over the prefill tokens of their position in their request, from 1, cached tokens counted. */
  readonly prefillContext?: Float64Array;
  /** The engine's own number of the step. */
  readonly iteration?: Float64Array;
  /** When the step's line was written, s, rounded as the log rounds it. */
  readonly stampSec?: Float64Array;
  /** Steps of a row, and those of them with prefill, where a row is of several: seconds, prefill tokens and requests are sums then, decodes and context means. */
  readonly steps?: Float64Array;
  readonly prefillSteps?: Float64Array;
  readonly instance?: Uint32Array;
  readonly instanceIds?: NameColumn;
}
