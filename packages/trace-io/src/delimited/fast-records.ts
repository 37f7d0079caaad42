import { DecimalReader } from '../bytes/decimal.js';
import { FNV_OFFSET, FNV_PRIME } from '../names/fnv.js';
import type { NameIndex } from '../names/name-index.js';
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
   *
   * One function with everything in locals on purpose: this loop sees every byte of every trace.
   */
  read(bytes: Uint8Array, from: number, to: number, line: number): number {
    const { cells, row } = this.plan;
    const { delimiter } = this;
    const kinds = this.#kinds;
    const slots = this.#slots;
    const names = this.#names;
    const decimal = this.#decimal;
    const lastColumn = kinds.length - 1;
    let start = from;
    let currentLine = line;
    while (start < to) {
      let p = start;
      for (let column = 0; column <= lastColumn; column++) {
        const slot = slots[column];
        let byte = bytes[p];
        switch (kinds[column]) {
          case COUNT: {
            // Most counts are a few digits: no need for the general reader.
            let value = 0;
            const first = p;
            for (; byte >= 0x30 && byte <= 0x39 && p - first < 9; byte = bytes[++p]) {
              value = (Math.imul(value, 10) + byte - 0x30) | 0;
            }
            if (p === first || (byte !== delimiter && byte !== LF && byte !== CR)) {
              p = this.#number(bytes, first, column, slot, cells);
              if (p < 0) return start;
            } else {
              cells[slot] = value;
            }
            break;
          }
          case NUMBER: {
            const value = decimal.read(bytes, p);
            // NaN fails the comparison: the number is left to the other reader, or the cell is empty.
            if (value - value === 0) {
              cells[slot] = value;
              p = decimal.next;
            } else {
              p = this.#number(bytes, p, column, slot, cells);
              if (p < 0) return start;
            }
            break;
          }
          case NAME: {
            let hash = FNV_OFFSET;
            const first = p;
            for (; byte !== delimiter && byte !== LF && byte !== CR; byte = bytes[++p]) {
              if (byte < 0x20 || byte >= 0x80 || byte === QUOTE) return start;
              hash = Math.imul(hash ^ byte, FNV_PRIME);
            }
            if (p === first || bytes[first] === 0x20) return start;
            cells[slot] = (names[column] as NameIndex).intern(bytes, first, p, hash);
            break;
          }
          case WORD: {
            p = this.#word(bytes, p, column, slot, cells);
            if (p < 0) return start;
            break;
          }
          case SKIP: {
            for (; byte !== delimiter && byte !== LF && byte !== CR; byte = bytes[++p]) {
              if (byte < 0x20 || byte >= 0x80 || byte === QUOTE) return start;
            }
            break;
          }
          default:
            return start;
        }
        const end = bytes[p];
        if (column < lastColumn) {
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

  /** Index after the number cell at `p`, its value in its slot; -1 where the strict path has to say what it is. */
  #number(bytes: Uint8Array, p: number, column: number, slot: number, cells: Float64Array): number {
    const first = bytes[p];
    if (first === this.delimiter || first === LF || first === CR) {
      if (this.#optional[column] === 0) return -1;
      cells[slot] = Number.NaN;
      return p;
    }
    const value = this.#decimal.read(bytes, p);
    if (Number.isNaN(value)) return -1;
    if (this.#kinds[column] === COUNT && !(value >= 0 && Number.isSafeInteger(value))) return -1;
    cells[slot] = value;
    return this.#decimal.next;
  }

  #word(bytes: Uint8Array, p: number, column: number, slot: number, cells: Float64Array): number {
    const words = this.#words[column];
    for (let code = 0; code < words.length; code++) {
      const word = words[code];
      let i = 0;
      while (i < word.length && (bytes[p + i] | 0x20) === word[i]) i++;
      if (i < word.length) continue;
      cells[slot] = code;
      return p + i;
    }
    return -1;
  }
}
