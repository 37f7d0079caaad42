import type { NameColumn } from '../names/name-column.js';

/** Code of a prefill row in `PhaseTable.kind`. */
export const PREFILL = 0;
/** Code of a decode row in `PhaseTable.kind`. */
export const DECODE = 1;

/**
 * One row a phase (one prefill or one decode of a request), as columns of equal length. Times are seconds on one clock, tokens and steps are
 * counts held as doubles. Rows stand in the order of the file.
 */
export interface PhaseTable {
  readonly length: number;
  /** `PREFILL` or `DECODE`. */
  readonly kind: Uint8Array;
  readonly startSec: Float64Array;
  readonly endSec: Float64Array;
  /**
   * Prompt tokens that the engine computed in this phase (cached ones are not among them); 0 for a decode; NaN where the row gives its steps and
   * not its tokens, which `requirePrefillTokens` refuses.
   */
  readonly prefillTokens: Float64Array;
  /** Steps that this decode emitted tokens in, unless `steps` says otherwise; 0 for a prefill. */
  readonly decodeTokens: Float64Array;
  /** A given `N_steps`; NaN where the row has none; absent when no row has one. */
  readonly steps?: Float64Array;
  /** Prompt tokens found in a prefix cache: context, but not work; absent means none. */
  readonly cachedTokens?: Float64Array;
  /** 1 where the phase was cut off: it presses on the others for all its time, but what it counts says nothing; absent means none. */
  readonly cut?: Uint8Array;
  /** Index of the request into `requestIds`. */
  readonly request: Uint32Array;
  readonly requestIds: NameColumn;
  /** Index of the engine into `instanceIds`; absent means one engine. */
  readonly instance?: Uint32Array;
  readonly instanceIds?: NameColumn;
  /** Line of the file that a row was read from, for messages; absent where nothing tells. */
  readonly lineOf?: (row: number) => number;
}
