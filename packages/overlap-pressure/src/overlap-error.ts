/** What was wrong with the input; stable, for programs to act on. */
export type OverlapErrorCode =
  | 'overlap-pressure/no-phases'
  | 'overlap-pressure/bad-time'
  | 'overlap-pressure/bad-count'
  | 'overlap-pressure/bad-chunk-size'
  | 'overlap-pressure/length-mismatch';

/** Phases from which no signal can be computed. The message says what, the rule, and what was got. */
export class OverlapError extends Error {
  override readonly name = 'OverlapError';

  constructor(
    readonly code: OverlapErrorCode,
    message: string,
    /** The offending row (0-based), where there is one. */
    readonly row?: number,
  ) {
    super(message);
  }
}
