/** Stable names of what can be wrong, for programs to act on. */
export type EstimatorErrorCode = `beta-estimators/${string}`;

/** Options or a trace that no estimate can be made from. The message says what, the rule, and what was got. */
export class EstimatorError extends Error {
  override readonly name = 'EstimatorError';

  constructor(
    readonly code: EstimatorErrorCode,
    message: string,
  ) {
    super(message);
  }
}
