/** Stable codes of this package's errors. */
export type Token2MetricsErrorCode =
  | 'token2metrics/ambiguous-column'
  | 'token2metrics/bad-model'
  | 'token2metrics/bad-number'
  | 'token2metrics/bad-option'
  | 'token2metrics/bad-tokens'
  | 'token2metrics/missing-column'
  | 'token2metrics/newer-schema'
  | 'token2metrics/no-prediction'
  | 'token2metrics/no-rows'
  | 'token2metrics/not-enough-rows'
  | 'token2metrics/not-xlsx'
  | 'token2metrics/outside-hull'
  | 'token2metrics/unit-mismatch'
  | 'token2metrics/unknown-metric'
  | 'token2metrics/unknown-model'
  | 'token2metrics/unknown-unit';

/** Where and what: the fields that apply are set. */
export interface Token2MetricsErrorParts {
  readonly file?: string;
  /** 1-based line of the file. */
  readonly line?: number;
  readonly column?: string;
  readonly value?: unknown;
  readonly expected?: string;
}

/** The error that token2metrics throws: `what: rule; got value (file:line:column)`. */
export class Token2MetricsError extends Error {
  override readonly name = 'Token2MetricsError';
  readonly code: Token2MetricsErrorCode;
  readonly file?: string;
  readonly line?: number;
  readonly column?: string;
  readonly value?: unknown;
  readonly expected?: string;

  constructor(code: Token2MetricsErrorCode, rule: string, parts: Token2MetricsErrorParts = {}) {
    const place = [parts.file, parts.line, parts.column].filter((part) => part !== undefined).join(':');
    super(`${rule}${place === '' ? '' : ` (${place})`}`);
    this.code = code;
    Object.assign(this, parts);
  }
}
