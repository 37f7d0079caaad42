import type { DecodeConvention } from './decode-steps.js';

/** What the columns of a table of measurements mean. */
export interface StageDataOptions {
  /** Stage columns, milliseconds. Default: the stages of `KNOWN_STAGES` that the file has. */
  readonly stages?: readonly string[];
  /** Knob columns. Default: the knobs of `KNOWN_KNOBS` that the file has. */
  readonly features?: readonly string[];
  /** Stages that count once a decode step. Default: names with `per_token`, `per_step`, `tpot` or `itl`. */
  readonly perStepStages?: readonly string[];
  /** Column of output tokens; default `output_tokens` and its other names, unless it is one of the `features`. */
  readonly outputTokens?: string;
  /** Decode steps of every row, instead of output tokens. */
  readonly decodeSteps?: number;
  /** Default `prefill-emits-first`. */
  readonly convention?: DecodeConvention;
  /** `column=value` conditions that rows must pass. */
  readonly filter?: readonly string[];
  /** A row where a stage is 0, missing or no number: `refuse` (default) throws and names it; `drop` leaves the row out and says so. */
  readonly incomplete?: 'refuse' | 'drop';
}

/** Decode steps of a total when neither the data nor the caller says: enough that both phases count. */
export const DEFAULT_DECODE_STEPS = 16;
