/** Stable codes of this package's errors. */
export type StepTimeErrorCode =
  | 'step-time/missing-column'
  | 'step-time/ambiguous-column'
  | 'step-time/bad-number'
  | 'step-time/bad-option'
  | 'step-time/bad-model-file'
  | 'step-time/no-rows';

/** Where, and what was expected: the parts that apply. */
export interface StepTimeErrorParts {
  readonly file?: string;
  readonly line?: number;
  readonly column?: string;
  readonly value?: unknown;
  readonly expected?: string;
}

/** Every error that this package throws itself; errors of the regression (rank!) pass through with their own codes. */
export class StepTimeError extends Error {
  override readonly name = 'StepTimeError';
  readonly code: StepTimeErrorCode;
  readonly file?: string;
  readonly line?: number;
  readonly column?: string;
  readonly value?: unknown;
  readonly expected?: string;

  constructor(code: StepTimeErrorCode, message: string, parts: StepTimeErrorParts = {}) {
    const place = [parts.file, parts.line, parts.column].filter((part) => part !== undefined).join(':');
    super(place === '' ? message : `${message} (${place})`);
    this.code = code;
    Object.assign(this, parts);
  }
}
