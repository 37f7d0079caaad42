/** What can be wrong with the input of a chart. */
export type ChartsErrorCode =
  | 'charts/empty'
  | 'charts/length-mismatch'
  | 'charts/not-finite'
  | 'charts/bad-option'
  | 'charts/font-unreadable';

/** Thrown for input that cannot be drawn truthfully; nothing is dropped or guessed in silence. */
export class ChartsError extends Error {
  override readonly name = 'ChartsError';
  readonly code: ChartsErrorCode;
  /** The argument at fault, as `name` or `name[index]`. */
  readonly argument: string;

  constructor(code: ChartsErrorCode, argument: string, rule: string, got: string) {
    super(`charts: ${argument} ${rule}; got ${got}`);
    this.code = code;
    this.argument = argument;
  }
}
