import { fnv1a } from './fnv.js';

const PAGE_BITS = 14;
const NAMES_A_PAGE = 1 << PAGE_BITS;

/**
 * Names of any length, one after another, as UTF-8 bytes in pages of 16,384 names: growing copies a page, never all. Names of one length, as request identifiers
 * mostly are, need nothing but their bytes; where lengths differ, the page keeps the end of each.
 */
export class NamePages {
  readonly #pages: Page[] = [];

  append(bytes: Uint8Array, from: number, to: number): void {
    let page = this.#pages.at(-1);
    if (page === undefined || page.length === NAMES_A_PAGE) {
      page?.close();
      page = new Page(to - from);
      this.#pages.push(page);
    }
    page.append(bytes, from, to);
  }

  /** Whether name `index` is `bytes[from, to)`. */
  same(index: number, bytes: Uint8Array, from: number, to: number): boolean {
    const page = this.#pages[index >>> PAGE_BITS];
    const at = index & (NAMES_A_PAGE - 1);
    const start = page.start(at);
    if (page.start(at + 1) - start !== to - from) return false;
    const { pool } = page;
    for (let i = from, j = start; i < to; i++, j++) if (bytes[i] !== pool[j]) return false;
    return true;
  }

  /** FNV-1a of name `index`. */
  hash(index: number): number {
    const page = this.#pages[index >>> PAGE_BITS];
    const at = index & (NAMES_A_PAGE - 1);
    return fnv1a(page.pool, page.start(at), page.start(at + 1));
  }

  /** The bytes of name `index`, not to be changed. */
  at(index: number): Uint8Array {
    const page = this.#pages[index >>> PAGE_BITS];
    const at = index & (NAMES_A_PAGE - 1);
    return page.pool.subarray(page.start(at), page.start(at + 1));
  }
}

class Page {
  length = 0;
  pool: Uint8Array<ArrayBuffer>;
  #used = 0;
  /** Of every name, while all are as long as the first. */
  readonly #width: number;
  /** Where each name ends; absent while all have one length. */
  #ends: Uint32Array | undefined;

  constructor(width: number) {
    this.#width = width;
    this.pool = new Uint8Array(Math.max(64, 4 * width));
  }

  /** Where name `at` begins, and the one before it ends. */
  start(at: number): number {
    if (this.#ends === undefined) return at * this.#width;
    return at === 0 ? 0 : this.#ends[at - 1];
  }

  append(bytes: Uint8Array, from: number, to: number): void {
    const start = this.#used;
    const end = start + (to - from);
    if (end > this.pool.length) this.pool = grownBytes(this.pool, Math.max(2 * this.pool.length, end));
    const { pool } = this;
    for (let i = from, j = start; i < to; i++, j++) pool[j] = bytes[i];
    this.#used = end;
    if (this.#ends === undefined && to - from !== this.#width) {
      this.#ends = new Uint32Array(NAMES_A_PAGE);
      for (let i = 0; i < this.length; i++) this.#ends[i] = (i + 1) * this.#width;
    }
    if (this.#ends !== undefined) this.#ends[this.length] = end;
    this.length++;
  }

  /** Gives back what the page reserved and will not need. */
  close(): void {
    this.pool = this.pool.slice(0, this.#used);
  }
}

function grownBytes(old: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  bytes.set(old);
  return bytes;
}
