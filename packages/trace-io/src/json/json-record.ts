import { Fault, shown } from '@stepclock/faults';
import { decimalNumber } from '../bytes/decimal-number.js';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The number that a JSON value is (numbers as strings count), or NaN. */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? decimalNumber(value) : Number.NaN;
}

/** One object of a JSON file, with its place: fields are taken by name, checked, and complained about in one way. */
export class JsonRecord {
  constructor(
    readonly object: JsonObject,
    private readonly file: string,
    private readonly line: number,
    /** Path of the object in its file, as in `requests[3]`; empty for the top. */
    private readonly path = '',
  ) {}

  has(name: string): boolean {
    return Object.hasOwn(this.object, name) && this.object[name] !== null && this.object[name] !== undefined;
  }

  /** The field's own value; `undefined` where it is absent (also where a prototype has the name). */
  raw(name: string): unknown {
    return Object.hasOwn(this.object, name) ? this.object[name] : undefined;
  }

  /** A finite number; NaN where the field is absent or null and `optional` is set. */
  number(name: string, optional = false): number {
    const value = this.raw(name);
    if (optional && (value === undefined || value === null)) return Number.NaN;
    const number = numberOf(value);
    if (!Number.isFinite(number)) throw this.fault(name, value, 'must be a finite number');
    return number;
  }

  /** A whole number >= 0; NaN where absent and `optional` is set. */
  count(name: string, optional = false): number {
    const number = this.number(name, optional);
    if (Number.isNaN(number)) return number;
    if (!(number >= 0 && Number.isSafeInteger(number)))
      throw this.fault(name, this.raw(name), 'must be a whole number >= 0');
    return number;
  }

  /** A non-empty string; numbers are taken as their digits. */
  name(name: string): string {
    const value = this.raw(name);
    if (typeof value === 'number' && Number.isFinite(value)) return String(value);
    if (typeof value !== 'string' || value === '') throw this.fault(name, value, 'must be a non-empty string');
    return value;
  }

  /** The first of several names for one field that the record has; the first name where it has none. */
  named(...names: readonly [string, ...string[]]): string {
    return names.find((name) => this.has(name)) ?? names[0];
  }

  /** The text of a field, `undefined` where it is absent or no text. */
  text(name: string): string | undefined {
    const value = this.raw(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** The object in a field as a record of its own, `undefined` where there is none. */
  inner(name: string): JsonRecord | undefined {
    const value = this.raw(name);
    if (!isObject(value)) return undefined;
    return new JsonRecord(value, this.file, this.line, this.path === '' ? name : `${this.path}.${name}`);
  }

  fault(name: string, value: unknown, rule: string): Fault {
    const column = this.path === '' ? name : `${this.path}.${name}`;
    const missing = value === undefined;
    return new Fault(missing ? 'trace-io/missing-field' : 'trace-io/bad-field', {
      what: column,
      file: this.file,
      line: this.line,
      column,
      value: missing ? undefined : value,
      rule,
      hint: missing ? `the field is missing (fields: ${fieldsOf(this.object)})` : undefined,
    });
  }
}

function fieldsOf(object: JsonObject): string {
  return shown(Object.keys(object).slice(0, 12).join(', '));
}
