/** What was wrong with a problem; stable, for programs to act on. */
export type NnlsErrorCode =
  | 'nnls-solver/length-mismatch'
  | 'nnls-solver/not-finite'
  | 'nnls-solver/bad-weight'
  | 'nnls-solver/bad-rows'
  | 'nnls-solver/overflow';

/** A problem that has no answer in finite numbers. The message says what, the rule, and what was got. */
export class NnlsError extends Error {
  override readonly name = 'NnlsError';

  constructor(
    readonly code: NnlsErrorCode,
    message: string,
  ) {
    super(message);
  }
}
