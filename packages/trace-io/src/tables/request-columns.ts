import { Fault } from '@stepclock/faults';
import { NameIndex } from '../names/name-index.js';
import type { RequestTable } from './request-table.js';

/** The numeric columns of a request. Times in seconds; what is not known is left out. */
export interface RequestRow {
  readonly arrivalSec?: number;
  readonly scheduledSec?: number;
  readonly firstTokenSec?: number;
  readonly lastTokenSec?: number;
  /** Cached ones included. */
  readonly promptTokens: number;
  readonly cachedTokens?: number;
  /** The first one included. */
  readonly outputTokens: number;
  readonly decodeSteps?: number;
  readonly preemptions?: number;
  readonly instance?: string;
}

/** Columns of numbers that a request table may lack. */
export const OPTIONAL_REQUEST_COLUMNS = [
  'arrivalSec',
  'scheduledSec',
  'firstTokenSec',
  'lastTokenSec',
  'cachedTokens',
  'decodeSteps',
  'preemptions',
] as const;
type Optional = (typeof OPTIONAL_REQUEST_COLUMNS)[number];

/** A `RequestTable` in the making. A column exists once a row has a value for it; earlier rows are NaN there. */
export class RequestColumns {
  #count = 0;
  #capacity = 256;
  #promptTokens = new Float64Array(256);
  #outputTokens = new Float64Array(256);
  readonly #optional = new Map<Optional, Float64Array>();
  readonly #ids = new NameIndex();
  readonly #idAt: number[] = [];
  readonly #instances = new NameIndex();
  #instance: Uint32Array | undefined;
  /** First line of every instance, by its index. */
  readonly #firstLines: number[] = [];
  /** First line that names no instance. */
  #unnamedLine: number | undefined;

  get length(): number {
    return this.#count;
  }

  add(requestId: string, row: RequestRow, line: number): void {
    if (this.#count === this.#capacity) this.#grow();
    const at = this.#count++;
    this.#idAt.push(this.#ids.internText(requestId));
    this.#promptTokens[at] = row.promptTokens;
    this.#outputTokens[at] = row.outputTokens;
    for (const name of OPTIONAL_REQUEST_COLUMNS) {
      const value = row[name];
      if (value === undefined || Number.isNaN(value)) continue;
      let column = this.#optional.get(name);
      if (column === undefined) {
        column = new Float64Array(this.#capacity).fill(Number.NaN);
        this.#optional.set(name, column);
      }
      column[at] = value;
    }
    if (row.instance === undefined) {
      this.#unnamedLine ??= line;
    } else {
      this.#instance ??= new Uint32Array(this.#capacity);
      const instance = this.#instances.internText(row.instance);
      this.#instance[at] = instance;
      this.#firstLines[instance] ??= line;
    }
  }

  /** Whether the request at `index` has the numbers of `row`. */
  isSame(index: number, row: RequestRow): boolean {
    if (this.#promptTokens[index] !== row.promptTokens || this.#outputTokens[index] !== row.outputTokens) return false;
    return OPTIONAL_REQUEST_COLUMNS.every((name) =>
      Object.is(this.#optional.get(name)?.[index] ?? Number.NaN, row[name] ?? Number.NaN),
    );
  }

  /**
   * The table; `instanceNames` replaces names of instances by others.
   *
   * @throws Fault `trace-io/partial-instance` where only some requests name their instance
   */
  table(file: string, instanceNames: ReadonlyMap<string, string> = new Map()): RequestTable {
    const length = this.#count;
    const names = this.#ids.names();
    const idAt = this.#idAt;
    const optional = Object.fromEntries(
      [...this.#optional].map(([name, column]) => [name, column.subarray(0, length)]),
    );
    return {
      length,
      requestIds: { length, at: (index) => names.at(idAt[index]) },
      promptTokens: this.#promptTokens.subarray(0, length),
      outputTokens: this.#outputTokens.subarray(0, length),
      ...optional,
      ...this.#instanceColumn(file, instanceNames),
    };
  }

  #instanceColumn(file: string, renamed: ReadonlyMap<string, string>): Pick<RequestTable, 'instance' | 'instanceIds'> {
    if (this.#instance === undefined) return {};
    const old = this.#instances.names();
    const final = new NameIndex();
    let unnamed = this.#unnamedLine;
    const indexOf = Uint32Array.from({ length: old.length }, (_, i) => {
      const name = renamed.get(old.at(i)) ?? old.at(i);
      if (name === '') unnamed ??= this.#firstLines[i];
      return final.internText(name);
    });
    const isNamed = final.length > 1 || final.nameAt(0) !== '';
    if (unnamed !== undefined && isNamed) {
      const rule = 'must be named for every request or for none';
      throw new Fault('trace-io/partial-instance', { what: 'instance', file, line: unnamed, rule });
    }
    // One name for all rows tells nothing apart: that is one engine.
    if (final.length < 2) return {};
    return {
      instance: this.#instance.subarray(0, this.#count).map((index) => indexOf[index]),
      instanceIds: final.names(),
    };
  }

  #grow(): void {
    const capacity = this.#capacity * 2;
    const larger = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const column = new Float64Array(capacity).fill(Number.NaN);
      column.set(old);
      return column;
    };
    this.#promptTokens = larger(this.#promptTokens);
    this.#outputTokens = larger(this.#outputTokens);
    for (const [name, column] of this.#optional) this.#optional.set(name, larger(column));
    if (this.#instance) {
      const column = new Uint32Array(capacity);
      column.set(this.#instance);
      this.#instance = column;
    }
    this.#capacity = capacity;
  }
}
