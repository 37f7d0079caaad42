import { DECODE, type NameColumn, type PhaseTable, PREFILL } from './phase-table.js';

interface Growing {
  kind: Uint8Array;
  startSec: Float64Array;
  endSec: Float64Array;
  /** Tokens of the row's own kind: one column of four bytes while every count fits. */
  tokens: Uint32Array | Float64Array;
  request: Uint32Array;
}

const LARGEST_SMALL = 2 ** 32 - 1;

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
    tokens: new Uint32Array(1024),
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

  /** Appends a phase with the tokens of its kind; the optional values that it has follow by `setSteps` and its kind. */
  add(kind: number, startSec: number, endSec: number, tokens: number, request: number): void {
    if (this.#count === this.#capacity) this.#grow();
    const row = this.#count++;
    const columns = this.#columns;
    if (tokens > LARGEST_SMALL && columns.tokens instanceof Uint32Array)
      columns.tokens = Float64Array.from(columns.tokens);
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

  /** The instance of the last row. */
  setInstance(instance: number): void {
    this.#instance ??= new Uint32Array(this.#capacity);
    this.#instance[this.#count - 1] = instance;
  }

  table(requestIds: NameColumn, instanceIds?: NameColumn): PhaseTable {
    const length = this.#count;
    const columns = this.#columns;
    const kind = columns.kind.subarray(0, length);
    const tokensOf = (wanted: number): (() => Float64Array) => {
      let column: Float64Array | undefined;
      return () => {
        column ??= ownTokens(kind, columns.tokens, wanted);
        return column;
      };
    };
    const prefillTokens = tokensOf(PREFILL);
    const decodeTokens = tokensOf(DECODE);
    const table: PhaseTable = {
      length,
      kind,
      startSec: columns.startSec.subarray(0, length),
      endSec: columns.endSec.subarray(0, length),
      // Made when first asked for: a table that is only looked at or written again never holds both.
      get prefillTokens() {
        return prefillTokens();
      },
      get decodeTokens() {
        return decodeTokens();
      },
      request: columns.request.subarray(0, length),
      requestIds,
      ...(this.#steps && { steps: this.#steps.subarray(0, length) }),
      ...(this.#cachedTokens && { cachedTokens: this.#cachedTokens.subarray(0, length) }),
      ...(this.#instance && instanceIds && { instance: this.#instance.subarray(0, length), instanceIds }),
    };
    tokensByTable.set(table, columns.tokens);
    return table;
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
      tokens: grown<Uint32Array | Float64Array>(
        old.tokens,
        old.tokens instanceof Uint32Array ? new Uint32Array(capacity) : new Float64Array(capacity),
      ),
      request: grown(old.request, new Uint32Array(capacity)),
    };
    if (this.#steps) this.#steps = grown(this.#steps, new Float64Array(capacity).fill(Number.NaN));
    if (this.#cachedTokens) this.#cachedTokens = grown(this.#cachedTokens, new Float64Array(capacity));
    if (this.#instance) this.#instance = grown(this.#instance, new Uint32Array(capacity));
    this.#capacity = capacity;
  }
}

const tokensByTable = new WeakMap<PhaseTable, Uint32Array | Float64Array>();

/** Tokens of a row's own kind, without making the two columns of a table that was read: a writer of millions of rows needs neither. */
export function tokensOfRows(phases: PhaseTable): (row: number) => number {
  const kept = tokensByTable.get(phases);
  if (kept !== undefined) return (row) => kept[row] as number;
  const { kind, prefillTokens, decodeTokens } = phases;
  return (row) => (kind[row] === DECODE ? decodeTokens[row] : prefillTokens[row]) as number;
}

function ownTokens(kind: Uint8Array, tokens: Uint32Array | Float64Array, wanted: number): Float64Array {
  const column = new Float64Array(kind.length);
  for (let i = 0; i < column.length; i++) if (kind[i] === wanted) column[i] = tokens[i] as number;
  return column;
}

function grown<T extends Float64Array | Uint32Array | Uint8Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
