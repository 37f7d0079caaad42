import { cut, printable, shown } from './shown.js';

/** Stable name of a rule that was broken: `package/kebab-name`. */
export type FaultCode = `${string}/${string}`;

/** Where in an input: the parts that are known. */
export interface Place {
  /** Name of the file as the caller gave it. */
  readonly file?: string | undefined;
  /** 1-based line of the file. */
  readonly line?: number | undefined;
  /** Name of the column, or path of the field. */
  readonly column?: string | undefined;
  /** Row of a table in memory, counted from 0. */
  readonly row?: number | undefined;
}

/** The parts of a fault's message. */
export interface FaultParts extends Place {
  /** What is at fault: an option, a column, a field. */
  readonly what: string;
  /** The rule that it breaks, as "must be ...". */
  readonly rule: string;
  /** What was got; left out of the message where undefined. */
  readonly value?: unknown;
  /** What may be behind it, or what to do. */
  readonly hint?: string | undefined;
}

/**
 * The one error that stepclock's packages throw on bad input: `what: rule; got value (file:line:column): hint`, one printable line, with
 * the parts as fields. Anything else that is thrown is a bug.
 *
 * @example
 * throw new Fault('regression/bad-option', { what: 'folds', rule: 'must be an integer of at least 2', value: 1 });
 * // => folds: must be an integer of at least 2; got 1
 */
export class Fault<Code extends FaultCode = FaultCode> extends Error {
  override readonly name = 'Fault';
  readonly code: Code;
  readonly what: string;
  readonly rule: string;
  readonly value: unknown;
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: string | undefined;
  readonly row: number | undefined;
  readonly hint: string | undefined;

  constructor(code: Code, parts: FaultParts, options?: ErrorOptions) {
    super(messageOf(parts), options);
    this.code = code;
    this.what = parts.what;
    this.rule = parts.rule;
    this.value = parts.value;
    this.file = parts.file;
    this.line = parts.line;
    this.column = parts.column;
    this.row = parts.row;
    this.hint = parts.hint;
  }

  /** The same fault with more known about its place, or with a hint. */
  with(more: Place & { readonly hint?: string }): Fault<Code> {
    const { what, rule, value, file, line, column, row, hint } = this;
    return new Fault(this.code, { what, rule, value, file, line, column, row, hint, ...more }, { cause: this.cause });
  }
}

/** Whether something thrown is a {@link Fault}, of a package where one is named: `isFault(error, 'regression')`. */
export const isFault = (error: unknown, of?: string): error is Fault =>
  error instanceof Fault && (of === undefined || error.code.startsWith(`${of}/`));

const messageOf = ({ what, rule, value, file, line, column, row, hint }: FaultParts): string => {
  const place = [
    file,
    line,
    column === undefined ? undefined : cut(column),
    row === undefined ? undefined : `row ${row}`,
  ].filter((part) => part !== undefined);
  return printable(
    [
      `${cut(what)}: ${rule}`,
      value === undefined ? '' : `; got ${shown(value)}`,
      place.length === 0 ? '' : ` (${place.join(':')})`,
      hint === undefined ? '' : `: ${hint}`,
    ].join(''),
  );
};
