import type { NameColumn } from '../names/name-column.js';
import type { PhaseTable } from './phase-table.js';
import { type Counts, countsFor, tableOfColumns } from './table-columns.js';

interface Growing {
  kind: Uint8Array;
  startSec: Float64Array;
  endSec: Float64Array;
  /** Tokens of the row's own kind. */
  tokens: Counts;
  request: Uint32Array;
}

/** From here on columns grow fourfold: memory that is reserved and never written costs nothing, but old columns cost until somebody collects them. */
const LARGE_TABLE = 1 << 20;

/** Rows from which on the rows to come can be told from the bytes to come, and what is added for rows that grow shorter. */
const RELIABLE_ROWS = 65_536;
const RESERVE = 1.05;

/** A `PhaseTable` in the making: columns that double as rows come; optional columns exist once a row has a value. */
export class PhaseColumns {
  #count = 0;
  #capacity = 1024;
  #columns: Growing = {
    kind: new Uint8Array(1024),
    startSec: new Float64Array(1024),
    endSec: new Float64Array(1024),
    tokens: new Uint16Array(1024),
    request: new Uint32Array(1024),
  };
  /** Largest count that the column of tokens holds. */
  #largest = 2 ** 16 - 1;
  #steps: Float64Array | undefined;
  #cachedTokens: Float64Array | undefined;
  #cut: Uint8Array | undefined;
  #instance: Uint32Array | undefined;

  /**
   * `fractionRead` (0 to 1, NaN where nobody knows) lets the columns grow to their final size at once: memory that is reserved and
   * never written costs nothing, copying a column costs the column twice.
   */
  constructor(private readonly fractionRead: () => number = () => Number.NaN) {}

  get length(): number {
    return this.#count;
  }

  /** Appends a phase with the tokens of its kind; the optional values that it has follow by `setSteps` and its kind. */
  add(kind: number, startSec: number, endSec: number, tokens: number, request: number): void {
    if (this.#count === this.#capacity) this.#grow();
    const row = this.#count++;
    const columns = this.#columns;
    // NaN, an unknown number, needs doubles too.
    if (!(tokens <= this.#largest) && this.#largest < Number.POSITIVE_INFINITY) this.#widen(tokens);
    columns.kind[row] = kind;
    columns.startSec[row] = startSec;
    columns.endSec[row] = endSec;
    columns.tokens[row] = tokens;
    columns.request[row] = request;
    if (this.#steps !== undefined) this.#steps[row] = Number.NaN;
  }

  /** The given step count of the last row. */
  setSteps(steps: number): void {
    this.#steps ??= new Float64Array(this.#capacity).fill(Number.NaN);
    this.#steps[this.#count - 1] = steps;
  }

  /** The cached prompt tokens of the last row. */
  setCachedTokens(tokens: number): void {
    this.#cachedTokens ??= new Float64Array(this.#capacity);
    this.#cachedTokens[this.#count - 1] = tokens;
  }

  /** The last row was cut off. */
  setCut(): void {
    this.#cut ??= new Uint8Array(this.#capacity);
    this.#cut[this.#count - 1] = 1;
  }

  /** The instance of the last row. */
  setInstance(instance: number): void {
    this.#instance ??= new Uint32Array(this.#capacity);
    this.#instance[this.#count - 1] = instance;
  }

  /** @param lineOf line of the file by row and its request, for messages */
  table(
    requestIds: NameColumn,
    instanceIds?: NameColumn,
    lineOf?: (row: number, request: number) => number,
  ): PhaseTable {
    const length = this.#count;
    const { kind, startSec, endSec, tokens, request } = this.#columns;
    return tableOfColumns({
      kind: kind.subarray(0, length),
      startSec: startSec.subarray(0, length),
      endSec: endSec.subarray(0, length),
      tokens: tokens.subarray(0, length),
      request: request.subarray(0, length),
      requestIds,
      ...(this.#steps && { steps: this.#steps.subarray(0, length) }),
      ...(this.#cachedTokens && { cachedTokens: this.#cachedTokens.subarray(0, length) }),
      ...(this.#cut && { cut: this.#cut.subarray(0, length) }),
      ...(this.#instance && instanceIds && { instance: this.#instance.subarray(0, length), instanceIds }),
      ...(lineOf && { lineOf: (row: number) => lineOf(row, request[row]) }),
    });
  }

  #grow(): void {
    const expected = (this.#count / this.fractionRead()) * RESERVE;
    const capacity = Math.max(
      this.#capacity * (this.#capacity < LARGE_TABLE ? 2 : 4),
      this.#count >= RELIABLE_ROWS && expected < 2 ** 31 ? Math.ceil(expected) : 0,
    );
    const columns = this.#columns;
    // One after another: the old column of one is gone before the next is copied.
    columns.kind = grown(columns.kind, new Uint8Array(capacity));
    columns.startSec = grown(columns.startSec, new Float64Array(capacity));
    columns.endSec = grown(columns.endSec, new Float64Array(capacity));
    columns.tokens = grown(columns.tokens, countsFor(this.#largest, capacity));
    columns.request = grown(columns.request, new Uint32Array(capacity));
    if (this.#steps) this.#steps = grown(this.#steps, new Float64Array(capacity).fill(Number.NaN));
    if (this.#cachedTokens) this.#cachedTokens = grown(this.#cachedTokens, new Float64Array(capacity));
    if (this.#cut) this.#cut = grown(this.#cut, new Uint8Array(capacity));
    if (this.#instance) this.#instance = grown(this.#instance, new Uint32Array(capacity));
    this.#capacity = capacity;
  }

  #widen(tokens: number): void {
    this.#largest = tokens < 2 ** 32 ? 2 ** 32 - 1 : Number.POSITIVE_INFINITY;
    const columns = this.#columns;
    columns.tokens = grown(columns.tokens.subarray(0, this.#count), countsFor(this.#largest, this.#capacity));
  }
}

function grown<T extends Counts | Uint8Array>(old: Counts | Uint8Array, larger: T): T {
  larger.set(old);
  return larger;
}
