import type { NameColumn } from './phase-table.js';

/** FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
export const FNV_OFFSET = 0x811c9dc5 | 0;
export const FNV_PRIME = 0x01000193;

const LARGE_TABLE = 1 << 22;

/**
 * Numbers names in order of first sight, straight from their UTF-8 bytes: one hash table over one byte pool, so that a
 * million request identifiers cost megabytes and no strings. Names become strings when someone asks for one.
 */
export class NameIndex {
  #count = 0;
  #pool = new Uint8Array(4096);
  #ends = new Uint32Array(256);
  /** Of the first `LARGE_TABLE` names, so that a larger table needs no second look at them; of all names they would cost more memory than time. */
  #hashes = new Int32Array(256);
  #slots = new Int32Array(1024);

  get length(): number {
    return this.#count;
  }

  /** Hash of a name's bytes (FNV-1a), as `intern` expects it. */
  static hash(bytes: Uint8Array, from: number, to: number): number {
    let hash = FNV_OFFSET;
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), FNV_PRIME);
    return hash;
  }

  /** Number of the name `bytes[from, to)`, new or known. */
  intern(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const last = this.#count - 1;
    if (last >= 0 && this.#same(last, bytes, from, to)) return last;
    const mask = this.#slots.length - 1;
    let slot = spread(hash) & mask;
    for (let index = (this.#slots[slot] as number) - 1; index >= 0; index = (this.#slots[slot] as number) - 1) {
      if (this.#mayBe(index, hash) && this.#same(index, bytes, from, to)) return index;
      slot = (slot + 1) & mask;
    }
    return this.#append(bytes, from, to, hash, slot);
  }

  internText(text: string): number {
    const bytes = encoder.encode(text);
    return this.intern(bytes, 0, bytes.length, NameIndex.hash(bytes, 0, bytes.length));
  }

  nameAt(index: number): string {
    return decoder.decode(this.#pool.subarray(index === 0 ? 0 : this.#ends[index - 1], this.#ends[index]));
  }

  /** The names so far. Drops the hash table: interning ends here. */
  names(): NameColumn {
    const { length } = this;
    const pool = this.#pool;
    const ends = this.#ends;
    this.#slots = new Int32Array(0);
    this.#hashes = new Int32Array(0);
    return {
      length,
      at(index: number): string {
        if (!(Number.isInteger(index) && index >= 0 && index < length)) {
          throw new RangeError(`name index: an integer from 0 to ${length - 1}; got ${index}`);
        }
        return decoder.decode(pool.subarray(index === 0 ? 0 : ends[index - 1], ends[index]));
      },
    };
  }

  #same(index: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = index === 0 ? 0 : (this.#ends[index - 1] as number);
    if ((this.#ends[index] as number) - start !== to - from) return false;
    const pool = this.#pool;
    for (let i = from, j = start; i < to; i++, j++) if (bytes[i] !== pool[j]) return false;
    return true;
  }

  #append(bytes: Uint8Array, from: number, to: number, hash: number, slot: number): number {
    const index = this.#count++;
    const start = index === 0 ? 0 : (this.#ends[index - 1] as number);
    const end = start + (to - from);
    if (end > this.#pool.length) this.#pool = grownBytes(this.#pool, end);
    const pool = this.#pool;
    for (let i = from, j = start; i < to; i++, j++) pool[j] = bytes[i] as number;
    if (index >= this.#ends.length) {
      this.#ends = grownTo(this.#ends, new Uint32Array(index * 2));
      if (index < LARGE_TABLE) this.#hashes = grownTo(this.#hashes, new Int32Array(index * 2));
    }
    this.#ends[index] = end;
    if (index < this.#hashes.length) this.#hashes[index] = hash;
    this.#slots[slot] = index + 1;
    if (this.#count * 3 > this.#slots.length * 2) this.#rehash();
    return index;
  }

  #mayBe(index: number, hash: number): boolean {
    return index >= this.#hashes.length || this.#hashes[index] === hash;
  }

  #hashAt(index: number): number {
    if (index < this.#hashes.length) return this.#hashes[index] as number;
    return NameIndex.hash(this.#pool, this.#ends[index - 1] as number, this.#ends[index] as number);
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

function grownBytes(old: Uint8Array, atLeast: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.max(old.length * 2, atLeast));
  bytes.set(old);
  return bytes;
}

function grownTo<T extends Uint32Array | Int32Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
