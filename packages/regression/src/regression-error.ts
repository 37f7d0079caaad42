/** Stable codes of this package's errors; the part after the slash names the rule that was broken. */
export type RegressionErrorCode =
  | 'regression/bad-column'
  | 'regression/bad-name'
  | 'regression/bad-option'
  | 'regression/bad-model'
  | 'regression/length-mismatch'
  | 'regression/missing-feature'
  | 'regression/no-rows'
  | 'regression/not-converged'
  | 'regression/not-enough-rows'
  | 'regression/outside-hull'
  | 'regression/rank-deficient';

/** What was broken, where: the fields that apply are set. */
export interface RegressionErrorParts {
  /** Feature, column or term. */
  readonly feature?: string;
  /** Row, counted from 0. */
  readonly row?: number;
  readonly value?: unknown;
  readonly expected?: string;
}

/** Every error that this package throws on bad input. */
export class RegressionError extends Error {
  override readonly name: string = 'RegressionError';
  readonly code: RegressionErrorCode;
  readonly feature?: string;
  readonly row?: number;
  readonly value?: unknown;
  readonly expected?: string;

  constructor(code: RegressionErrorCode, message: string, parts: RegressionErrorParts = {}) {
    super(message);
    this.code = code;
    Object.assign(this, parts);
  }
}
