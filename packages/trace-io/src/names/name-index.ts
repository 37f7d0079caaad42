import { fnv1a } from './fnv.js';
import type { NameColumn } from './name-column.js';
import { NamePages } from './name-pages.js';

const LARGE_TABLE = 1 << 22;

/**
 * Numbers names in order of first sight, straight from their UTF-8 bytes: one hash table over pages of bytes, so that a
 * million request identifiers cost megabytes and no strings. Names become strings when someone asks for one.
 */
export class NameIndex {
  #count = 0;
  readonly #pages = new NamePages();
  /** Of the first `LARGE_TABLE` names, so that a larger table needs no second look at them; of all names they would cost more memory than time. */
  #hashes = new Int32Array(256);
  #slots = new Int32Array(1024);

  get length(): number {
    return this.#count;
  }

  /** Number of the name `bytes[from, to)`, new or known; `hash` is their FNV-1a. */
  intern(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const last = this.#count - 1;
    const pages = this.#pages;
    if (last >= 0 && pages.same(last, bytes, from, to)) return last;
    const mask = this.#slots.length - 1;
    let slot = spread(hash) & mask;
    for (let index = this.#slots[slot] - 1; index >= 0; index = this.#slots[slot] - 1) {
      if (this.#mayBe(index, hash) && pages.same(index, bytes, from, to)) return index;
      slot = (slot + 1) & mask;
    }
    return this.#append(bytes, from, to, hash, slot);
  }

  internText(text: string): number {
    const bytes = encoder.encode(text);
    return this.intern(bytes, 0, bytes.length, fnv1a(bytes, 0, bytes.length));
  }

  nameAt(index: number): string {
    return decoder.decode(this.#pages.at(index));
  }

  /** The names so far. Drops the hash table: interning ends here. */
  names(): NameColumn {
    const { length } = this;
    const pages = this.#pages;
    this.#slots = new Int32Array(0);
    this.#hashes = new Int32Array(0);
    return {
      length,
      at(index: number): string {
        if (!(Number.isInteger(index) && index >= 0 && index < length)) {
          throw new RangeError(`name index: an integer from 0 to ${length - 1}; got ${index}`);
        }
        return decoder.decode(pages.at(index));
      },
    };
  }

  #append(bytes: Uint8Array, from: number, to: number, hash: number, slot: number): number {
    const index = this.#count++;
    this.#pages.append(bytes, from, to);
    if (index === this.#hashes.length && index < LARGE_TABLE) {
      const larger = new Int32Array(index * 2);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    if (index < this.#hashes.length) this.#hashes[index] = hash;
    this.#slots[slot] = index + 1;
    if (this.#count * 3 > this.#slots.length * 2) this.#rehash();
    return index;
  }

  #mayBe(index: number, hash: number): boolean {
    return index >= this.#hashes.length || this.#hashes[index] === hash;
  }

  #hashAt(index: number): number {
    return index < this.#hashes.length ? this.#hashes[index] : this.#pages.hash(index);
  }

  #rehash(): void {
    // Fewer rounds while the table is small; a large one would cost more memory than it saves time.
    const slots = new Int32Array(this.#slots.length * (this.#slots.length < LARGE_TABLE ? 4 : 2));
    const mask = slots.length - 1;
    for (let index = 0; index < this.#count; index++) {
      let slot = spread(this.#hashAt(index)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    }
    this.#slots = slots;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** FNV's low bits move little between names that differ in the last digit: fold the high ones in. */
function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 13);
}
