/** Stable names of what can be wrong. */
export type StepModelErrorCode = `step-model/${string}`;

interface Fault {
  readonly what: string;
  readonly rule: string;
  readonly value?: unknown;
  readonly file?: string;
}

const shown = (value: unknown): string => {
  // NaN and Infinity are null in JSON.
  const text =
    typeof value === 'string' ? `'${value}'` : typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

/** What this package throws: message "what: rule; got value (file)". */
export class StepModelError extends Error {
  readonly code: StepModelErrorCode;
  readonly value: unknown;
  readonly file: string | undefined;

  constructor(code: StepModelErrorCode, { what, rule, value, file }: Fault) {
    super(`${what}: ${rule}; got ${shown(value)}${file === undefined ? '' : ` (${file})`}`);
    this.name = 'StepModelError';
    this.code = code;
    this.value = value;
    this.file = file;
  }
}
