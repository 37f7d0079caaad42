/** Numbers pairs of small non-negative integers in order of first sight. */
export class PairIndex {
  readonly #rows: Map<number, number>[] = [];
  #count = 0;

  intern(first: number, second: number): number {
    let row = this.#rows[first];
    if (row === undefined) {
      row = new Map();
      this.#rows[first] = row;
    }
    let index = row.get(second);
    if (index === undefined) {
      index = this.#count++;
      row.set(second, index);
    }
    return index;
  }
}
