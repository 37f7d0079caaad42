/** A set of small non-negative integers, a bit each. */
export class IndexSet {
  #words = new Uint32Array(1024);

  has(index: number): boolean {
    return (((this.#words[index >>> 5] ?? 0) >>> (index & 31)) & 1) === 1;
  }

  add(index: number): void {
    const word = index >>> 5;
    if (word >= this.#words.length) {
      const larger = new Uint32Array(Math.max(this.#words.length * 2, word + 1));
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[word] = (this.#words[word] | (1 << (index & 31))) >>> 0;
  }
}
