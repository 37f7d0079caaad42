/** No node: the end of the list. */
export const NONE = -1;

/**
 * The steps seen so far of one or several engines, as a linked list in the order of time, so that a step that nobody had shown can
 * be put between two others at any moment. Arrays of structures: node i has `timeSec[i]`, the earliest chunk of a request that was
 * decoding already (of first chunks while there is no other), and how many chunks it was seen by.
 */
export class StepNodes {
  timeSec = new Float64Array(1024);
  /** Second earliest such chunk, and whose chunk is the earliest: what the others say of a request's own step. */
  secondSec = new Float64Array(1024);
  earliestBy = new Int32Array(1024);
  next = new Int32Array(1024);
  previous = new Int32Array(1024);
  /** Chunks of requests that were decoding already. */
  decodeChunks = new Int32Array(1024);
  firstChunks = new Int32Array(1024);
  length = 0;

  /** A new node after `after` (NONE: at the head of a list of its own). Its time is a guess until a chunk shows it. */
  insertAfter(after: number, guessSec: number): number {
    if (this.length === this.timeSec.length) this.#grow();
    const node = this.length++;
    const following = after === NONE ? NONE : this.next[after];
    this.previous[node] = after;
    this.next[node] = following;
    if (after !== NONE) this.next[after] = node;
    if (following !== NONE) this.previous[following] = node;
    this.timeSec[node] = guessSec;
    this.secondSec[node] = Number.POSITIVE_INFINITY;
    this.earliestBy[node] = NONE;
    return node;
  }

  seen(node: number): boolean {
    return this.decodeChunks[node] + this.firstChunks[node] > 0;
  }

  addDecodeChunk(node: number, timeSec: number, request: number): void {
    if (this.decodeChunks[node]++ === 0 || timeSec < this.timeSec[node]) {
      this.secondSec[node] = this.decodeChunks[node] === 1 ? Number.POSITIVE_INFINITY : this.timeSec[node];
      this.timeSec[node] = timeSec;
      this.earliestBy[node] = request;
    } else if (timeSec < this.secondSec[node]) this.secondSec[node] = timeSec;
  }

  addFirstChunk(node: number, timeSec: number): void {
    if (this.firstChunks[node]++ === 0 && this.decodeChunks[node] === 0) this.timeSec[node] = timeSec;
    else if (this.decodeChunks[node] === 0 && timeSec < this.timeSec[node]) this.timeSec[node] = timeSec;
  }

  #grow(): void {
    const capacity = 2 * this.timeSec.length;
    this.timeSec = grown(this.timeSec, new Float64Array(capacity));
    this.secondSec = grown(this.secondSec, new Float64Array(capacity));
    this.earliestBy = grown(this.earliestBy, new Int32Array(capacity));
    this.next = grown(this.next, new Int32Array(capacity));
    this.previous = grown(this.previous, new Int32Array(capacity));
    this.decodeChunks = grown(this.decodeChunks, new Int32Array(capacity));
    this.firstChunks = grown(this.firstChunks, new Int32Array(capacity));
  }
}

function grown<T extends Float64Array | Int32Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
