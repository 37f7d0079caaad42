import type { StepNodes } from './step-nodes.js';
import type { TokenSequences } from './token-sequences.js';

/** Every chunk on a step: node numbers in `nodes`, one a chunk of the table (NONE: a chunk that belongs to no step). */
export interface Alignment {
  readonly sequences: TokenSequences;
  readonly nodes: StepNodes;
  readonly nodeOfChunk: Int32Array;
  /** The first node of each engine's list. */
  readonly heads: readonly number[];
  /** How many sequences are of each engine. */
  readonly sequencesOf: readonly number[];
  /** Mean distance from the steps at which each request was placed; NaN: it overlapped with no other. */
  readonly distanceSec: Float64Array;
  /** Whether prompts are computed in steps in which no decode moves. */
  readonly prefillFirst: boolean;
}
