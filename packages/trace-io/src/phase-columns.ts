import type { NameColumn, PhaseTable } from './phase-table.js';

interface Growing {
  kind: Uint8Array;
  startSec: Float64Array;
  endSec: Float64Array;
  prefillTokens: Float64Array;
  decodeTokens: Float64Array;
  request: Uint32Array;
}

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
    prefillTokens: new Float64Array(1024),
    decodeTokens: new Float64Array(1024),
    request: new Uint32Array(1024),
  };
  #steps: Float64Array | undefined;
  #cachedTokens: Float64Array | undefined;
  #instance: Uint32Array | undefined;

  /**
   * `fractionRead` (0 to 1, NaN where nobody knows) lets the columns grow to their final size at once: memory that is reserved and
   * never written costs nothing, copying a column costs the column twice.
   */
  constructor(private readonly fractionRead: () => number = () => Number.NaN) {}

  get length(): number {
    return this.#count;
  }

  /** Appends a phase; the optional values that it has follow by `setSteps` and its kind. */
  add(
    kind: number,
    startSec: number,
    endSec: number,
    prefillTokens: number,
    decodeTokens: number,
    request: number,
  ): void {
    if (this.#count === this.#capacity) this.#grow();
    const row = this.#count++;
    const columns = this.#columns;
    columns.kind[row] = kind;
    columns.startSec[row] = startSec;
    columns.endSec[row] = endSec;
    columns.prefillTokens[row] = prefillTokens;
    columns.decodeTokens[row] = decodeTokens;
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

  /** The instance of the last row. */
  setInstance(instance: number): void {
    this.#instance ??= new Uint32Array(this.#capacity);
    this.#instance[this.#count - 1] = instance;
  }

  table(requestIds: NameColumn, instanceIds?: NameColumn): PhaseTable {
    const length = this.#count;
    const columns = this.#columns;
    return {
      length,
      kind: columns.kind.subarray(0, length),
      startSec: columns.startSec.subarray(0, length),
      endSec: columns.endSec.subarray(0, length),
      prefillTokens: columns.prefillTokens.subarray(0, length),
      decodeTokens: columns.decodeTokens.subarray(0, length),
      request: columns.request.subarray(0, length),
      requestIds,
      ...(this.#steps && { steps: this.#steps.subarray(0, length) }),
      ...(this.#cachedTokens && { cachedTokens: this.#cachedTokens.subarray(0, length) }),
      ...(this.#instance && instanceIds && { instance: this.#instance.subarray(0, length), instanceIds }),
    };
  }

  #grow(): void {
    const expected = (this.#count / this.fractionRead()) * RESERVE;
    const capacity = Math.max(
      this.#capacity * 2,
      this.#count >= RELIABLE_ROWS && expected < 2 ** 31 ? Math.ceil(expected) : 0,
    );
    const old = this.#columns;
    this.#columns = {
      kind: grown(old.kind, new Uint8Array(capacity)),
      startSec: grown(old.startSec, new Float64Array(capacity)),
      endSec: grown(old.endSec, new Float64Array(capacity)),
      prefillTokens: grown(old.prefillTokens, new Float64Array(capacity)),
      decodeTokens: grown(old.decodeTokens, new Float64Array(capacity)),
      request: grown(old.request, new Uint32Array(capacity)),
    };
    if (this.#steps) this.#steps = grown(this.#steps, new Float64Array(capacity).fill(Number.NaN));
    if (this.#cachedTokens) this.#cachedTokens = grown(this.#cachedTokens, new Float64Array(capacity));
    if (this.#instance) this.#instance = grown(this.#instance, new Uint32Array(capacity));
    this.#capacity = capacity;
  }
}

function grown<T extends Float64Array | Uint32Array | Uint8Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
