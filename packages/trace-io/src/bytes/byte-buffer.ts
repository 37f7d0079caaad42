/** Bytes that come in pieces, as one array that doubles. */
export class ByteBuffer {
  #bytes = new Uint8Array(1024);
  length = 0;

  append(piece: Uint8Array): void {
    const end = this.length + piece.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.length));
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.length);
    this.length = end;
  }

  /** What came so far: holds until the next piece. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length);
  }

  /** Forgets everything, and gives back a large memory. */
  clear(): void {
    this.length = 0;
    if (this.#bytes.length > 1 << 20) this.#bytes = new Uint8Array(1024);
  }
}
