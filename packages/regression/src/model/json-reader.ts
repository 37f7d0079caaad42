import { type Fault, nothing } from '@stepclock/faults';
import { fault } from '../fault.js';

const bad = (path: string, rule: string, value: unknown): Fault =>
  fault('regression/bad-model', { what: path, rule, value: value === undefined ? nothing : value });

/**
 * Reads fields of a parsed JSON object and complains by path: the hand-written counterpart of a schema. Every `read*` throws
 * Fault `regression/bad-model`.
 */
export class JsonReader {
  private constructor(
    private readonly value: Readonly<Record<string, unknown>>,
    private readonly path: string,
  ) {}

  static of(value: unknown, path = 'model'): JsonReader {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw bad(path, 'must be an object', value);
    return new JsonReader(value as Readonly<Record<string, unknown>>, path);
  }

  has(key: string): boolean {
    return Object.hasOwn(this.value, key) && this.value[key] !== undefined && this.value[key] !== null;
  }

  raw(key: string): unknown {
    return Object.hasOwn(this.value, key) ? this.value[key] : undefined;
  }

  number(key: string): number {
    const value = this.raw(key);
    if (typeof value !== 'number' || !Number.isFinite(value)) throw bad(this.at(key), 'must be a finite number', value);
    return value;
  }

  count(key: string): number {
    const value = this.number(key);
    if (!Number.isSafeInteger(value) || !(value >= 0)) throw bad(this.at(key), 'must be a whole number from 0', value);
    return value;
  }

  string(key: string): string {
    const value = this.raw(key);
    if (typeof value !== 'string') throw bad(this.at(key), 'must be a string', value);
    return value;
  }

  boolean(key: string): boolean {
    const value = this.raw(key);
    if (typeof value !== 'boolean') throw bad(this.at(key), 'must be true or false', value);
    return value;
  }

  /** Finite numbers; exactly `length` of them when it is given. */
  numbers(key: string, length?: number): Float64Array {
    const value = this.list(key);
    if (length !== undefined && value.length !== length) {
      throw bad(this.at(key), `must have ${length} numbers`, value.length);
    }
    return Float64Array.from(value, (entry, i) => {
      if (typeof entry !== 'number' || !Number.isFinite(entry)) {
        throw bad(`${this.at(key)}[${i}]`, 'must be a finite number', entry);
      }
      return entry;
    });
  }

  strings(key: string): string[] {
    return this.list(key).map((entry, i) => {
      if (typeof entry !== 'string') throw bad(`${this.at(key)}[${i}]`, 'must be a string', entry);
      return entry;
    });
  }

  object(key: string): JsonReader {
    return JsonReader.of(this.raw(key), this.at(key));
  }

  objects(key: string): JsonReader[] {
    return this.list(key).map((entry, i) => JsonReader.of(entry, `${this.at(key)}[${i}]`));
  }

  list(key: string): readonly unknown[] {
    const value = this.raw(key);
    if (!Array.isArray(value)) throw bad(this.at(key), 'must be a list', value);
    return value;
  }

  /** An error about one of the fields, for rules that only the model's kind knows. */
  fault(key: string, rule: string): Fault {
    return bad(this.at(key), rule, this.raw(key));
  }

  private at(key: string): string {
    return `${this.path}.${key}`;
  }
}
