import { DecimalReader } from '../decimal.js';
import type { NameIndex } from '../name-index.js';
import type { RowPlan } from './column-plan.js';

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;

const SKIP = 0;
const NUMBER = 1;
const COUNT = 2;
const NAME = 3;
const WORD = 4;
const OTHER = 5;
const KIND_CODES = { skip: SKIP, number: NUMBER, count: COUNT, name: NAME, word: WORD, parsed: OTHER } as const;

/**
 * Reads plain records (no quotes, ASCII, ordinary numbers) from bytes to slots without making strings.
 *
 * It knows no errors: it stops before the first record that is not plain, and the strict path decides what that record is.
 */
export class FastRecords {
  /** Records read so far by this instance. */
  records = 0;
  readonly #kinds: Uint8Array;
  readonly #slots: Uint32Array;
  readonly #optional: Uint8Array;
  readonly #names: (NameIndex | undefined)[];
  readonly #words: (readonly Uint8Array[])[];
  readonly #decimal = new DecimalReader();

  constructor(
    private readonly plan: RowPlan,
    private readonly delimiter: number,
  ) {
    const { columns } = plan;
    this.#kinds = Uint8Array.from(columns, (column) => KIND_CODES[column.kind]);
    this.#slots = Uint32Array.from(columns, (column) => (column.kind === 'skip' ? 0 : column.slot));
    this.#optional = Uint8Array.from(columns, (column) => (column.kind !== 'skip' && column.emptyAllowed ? 1 : 0));
    this.#names = columns.map((column) => (column.kind === 'name' ? column.names : undefined));
    const encoder = new TextEncoder();
    this.#words = columns.map((column) =>
      column.kind === 'word' ? column.words.map((word) => encoder.encode(word)) : [],
    );
  }

  /**
   * Reads records from `from`; `bytes[to - 1]` is the end of a line. Returns where it stopped: `to`, or the start of the
   * first record that is not plain. `line` is the line of the first record.
   */
  read(bytes: Uint8Array, from: number, to: number, line: number): number {
    const { cells, row } = this.plan;
    const columnCount = this.#kinds.length;
    const { delimiter } = this;
    let start = from;
    let currentLine = line;
    while (start < to) {
      let p = start;
      for (let column = 0; column < columnCount; column++) {
        const after = this.#cell(bytes, p, column, cells);
        if (after < 0) return start;
        p = after;
        const end = bytes[p];
        if (column < columnCount - 1) {
          if (end !== delimiter) return start;
        } else if (end === CR) {
          if (bytes[++p] !== LF) return start;
        } else if (end !== LF) {
          return start;
        }
        p++;
      }
      row(currentLine++);
      this.records++;
      start = p;
    }
    return start;
  }

  /** Index after the cell that starts at `p`, its value in its slot; -1 where it is not plain. */
  #cell(bytes: Uint8Array, p: number, column: number, cells: Float64Array): number {
    const { delimiter } = this;
    const slot = this.#slots[column] as number;
    switch (this.#kinds[column]) {
      case NUMBER:
      case COUNT: {
        const first = bytes[p];
        if (first === delimiter || first === LF || first === CR) {
          if (this.#optional[column] === 0) return -1;
          cells[slot] = Number.NaN;
          return p;
        }
        const value = this.#decimal.read(bytes, p);
        // Not a plain number, or (counts) not a whole one from 0 on: for the strict path to say.
        if (Number.isNaN(value)) return -1;
        if (
          this.#kinds[column] === COUNT &&
          !(value >= 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value)
        )
          return -1;
        cells[slot] = value;
        return this.#decimal.next;
      }
      case NAME: {
        let hash = 0x811c9dc5 | 0;
        let end = p;
        let b = bytes[end] as number;
        while (b !== delimiter && b !== LF && b !== CR) {
          if (b < 0x20 || b >= 0x80 || b === QUOTE) return -1;
          hash = Math.imul(hash ^ b, 0x01000193);
          b = bytes[++end] as number;
        }
        if (end === p || bytes[p] === 0x20) return -1;
        cells[slot] = (this.#names[column] as NameIndex).intern(bytes, p, end, hash);
        return end;
      }
      case WORD: {
        const words = this.#words[column] as readonly Uint8Array[];
        for (let code = 0; code < words.length; code++) {
          const end = afterWord(bytes, p, words[code] as Uint8Array);
          if (end < 0) continue;
          cells[slot] = code;
          return end;
        }
        return -1;
      }
      case SKIP: {
        let end = p;
        for (let b = bytes[end] as number; b !== delimiter && b !== LF && b !== CR; b = bytes[++end] as number) {
          if (b < 0x20 || b >= 0x80 || b === QUOTE) return -1;
        }
        return end;
      }
      default:
        return -1;
    }
  }
}

/** Index after the lower-case `word` at `p`, in any case; -1 where it does not stand there. */
function afterWord(bytes: Uint8Array, p: number, word: Uint8Array): number {
  for (let i = 0; i < word.length; i++) if (((bytes[p + i] as number) | 0x20) !== word[i]) return -1;
  return p + word.length;
}
