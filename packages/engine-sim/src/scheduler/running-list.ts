const NONE = -1;

/** Running requests in the order of their admission; every operation takes constant time. */
export class RunningList {
  size = 0;
  private tail = NONE;
  private readonly next: Int32Array;
  private readonly previous: Int32Array;

  constructor(requests: number) {
    this.next = new Int32Array(requests);
    this.previous = new Int32Array(requests);
  }

  /** The request admitted last, or -1. */
  get last(): number {
    return this.tail;
  }

  append(request: number): void {
    this.previous[request] = this.tail;
    this.next[request] = NONE;
    if (this.tail !== NONE) this.next[this.tail] = request;
    this.tail = request;
    this.size++;
  }

  remove(request: number): void {
    const next = this.next[request];
    const previous = this.previous[request];
    if (previous !== NONE) this.next[previous] = next;
    if (next !== NONE) this.previous[next] = previous;
    else this.tail = previous;
    this.size--;
  }
}
