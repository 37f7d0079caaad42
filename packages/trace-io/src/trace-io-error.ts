/** Where an input broke which rule: the parts of a `TraceIoError`'s message. */
export interface InputFault {
  /** Name of the file as the caller gave it; `<input>` when there is none. */
  readonly file?: string | undefined;
  /** 1-based line of the file. */
  readonly line?: number | undefined;
  /** Name of the column or path of the field. */
  readonly column?: string | undefined;
  /** What stood there. */
  readonly value?: unknown;
  /** The rule that it breaks. */
  readonly expected: string;
}

/** The one error that trace-io throws: an input that cannot be read as what it is said to be, with the place. */
export class TraceIoError extends Error {
  override readonly name = 'TraceIoError';
  /** Stable, of the form `trace-io/kebab-name`. */
  readonly code: string;
  readonly file: string;
  readonly line: number | undefined;
  readonly column: string | undefined;
  readonly value: string | undefined;
  readonly expected: string;

  constructor(code: `trace-io/${string}`, what: string, fault: InputFault) {
    const file = fault.file ?? '<input>';
    const value = fault.value === undefined ? undefined : shown(fault.value);
    const place = [file, fault.line, fault.column && cut(fault.column)].filter((part) => part !== undefined).join(':');
    super(oneLine(`${cut(what)}: expected ${fault.expected}${value === undefined ? '' : `; got ${value}`} (${place})`));
    this.code = code;
    this.file = file;
    this.line = fault.line;
    this.column = fault.column;
    this.value = value;
    this.expected = fault.expected;
  }

  /** Adds to the message what may be behind the fault. */
  withHint(hint: string): this {
    this.message += `: ${hint}`;
    return this;
  }
}

const LONGEST_SHOWN = 80;

function cut(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text;
}

/** Names and messages come from the input too: control characters in them must not break the line. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}

/** One line of printable text for any value, cut where it grows long. */
export function shown(value: unknown): string {
  const text =
    typeof value === 'string' || (typeof value === 'object' && value !== null) ? quoted(value) : String(value);
  return cut(text);
}

function quoted(value: string | object): string {
  // A long value is cut before it is quoted: quoting ten megabytes to show eighty characters is waste.
  if (typeof value === 'string') return JSON.stringify(value.slice(0, LONGEST_SHOWN + 1));
  return Array.isArray(value) ? `an array of ${value.length}` : 'an object';
}
