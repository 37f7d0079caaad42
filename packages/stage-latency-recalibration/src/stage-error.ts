export type StageErrorCode =
  | 'stage/no-rows'
  | 'stage/missing-column'
  | 'stage/bad-value'
  | 'stage/missing-stage'
  | 'stage/no-stages'
  | 'stage/no-features'
  | 'stage/bad-option'
  | 'stage/other-knobs'
  | 'stage/other-stages'
  | 'stage/unknown-level'
  | 'stage/not-identifiable'
  | 'stage/too-few-samples'
  | 'stage/too-many-samples'
  | 'stage/bad-model'
  | 'stage/bad-json';

/** The parts of a {@link StageError}'s message. */
export interface StageFault {
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: string | undefined;
  readonly value?: unknown;
  readonly expected?: string | undefined;
}

/** The one error of this package: "what: rule; got value (file:line:column)", with the parts as fields. */
export class StageError extends Error {
  override readonly name = 'StageError';
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: string | undefined;
  readonly value: unknown;
  readonly expected: string | undefined;

  constructor(
    /** Stable, of the form `stage/kebab-name`. */
    readonly code: StageErrorCode,
    message: string,
    fault: StageFault = {},
  ) {
    const place = [fault.file, fault.line, fault.column].filter((part) => part !== undefined).join(':');
    super(place === '' ? message : `${message} (${place})`);
    this.file = fault.file;
    this.line = fault.line;
    this.column = fault.column;
    this.value = fault.value;
    this.expected = fault.expected;
  }
}

/** What a reader of the figures should know; the figures stand. */
export interface StageWarning {
  readonly code:
    | 'zero-stage'
    | 'missing-stage'
    | 'mixed-repeats'
    | 'decode-convention'
    | 'total-disagrees'
    | 'single-knob-sweep'
    | 'one-knob-at-a-time'
    | 'constant-knob'
    | 'tied-knobs'
    | 'outside-training-range'
    | 'too-many-samples'
    | 'few-configurations'
    | 'no-guarantee'
    | 'measure-the-winner';
  readonly message: string;
}

/** The first few of a list, for messages. */
export const listed = (items: readonly (string | number)[], most = 6): string =>
  items.length <= most ? items.join(', ') : `${items.slice(0, most).join(', ')} and ${items.length - most} more`;
