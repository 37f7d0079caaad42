import { BLOCK_TOKENS } from '../engine-options.js';

const NONE = -1;

const remainder = (n: number, by: number): number => ((n % by) + by) % by;

/**
 * The decoding requests of one engine. They advance in lock step, one token a step, so everything about them follows from
 * one counter of steps: a step costs as much work as requests end in it, however many run.
 */
export class DecodeBatch {
  size = 0;
  /** Tokens that the batch holds in the KV cache before the next step. */
  contextTokens = 0;
  /** Steps done. */
  private clock = 0;
  /** A request's context is its offset + clock. */
  private readonly offset: Float64Array;
  /** Value of the clock after the request's last step. */
  private readonly dueClock: Float64Array;
  /** Requests by due clock: a ring of doubly linked lists, as long as the longest output. */
  private readonly dueHead: Int32Array;
  private readonly dueNext: Int32Array;
  private readonly duePrevious: Int32Array;
  /** Requests by offset modulo the block size: those whose context ends with a block need a new one all at once. */
  private readonly byBlockOffset = new Int32Array(BLOCK_TOKENS);

  constructor(requests: number, longestOutput: number) {
    this.offset = new Float64Array(requests);
    this.dueClock = new Float64Array(requests);
    this.dueNext = new Int32Array(requests).fill(NONE);
    this.duePrevious = new Int32Array(requests).fill(NONE);
    this.dueHead = new Int32Array(longestOutput + 1).fill(NONE);
  }

  /** @param stepsLeft at least 1 and at most the longest output */
  join(request: number, contextTokens: number, stepsLeft: number): void {
    const offset = contextTokens - this.clock;
    const due = this.clock + stepsLeft;
    this.offset[request] = offset;
    this.dueClock[request] = due;
    const slot = due % this.dueHead.length;
    const head = this.dueHead[slot];
    this.dueNext[request] = head;
    this.duePrevious[request] = NONE;
    if (head !== NONE) this.duePrevious[head] = request;
    this.dueHead[slot] = request;
    this.size++;
    this.contextTokens += contextTokens;
    const block = remainder(offset, BLOCK_TOKENS);
    this.byBlockOffset[block] = this.byBlockOffset[block] + 1;
  }

  contextOf(request: number): number {
    return this.offset[request] + this.clock;
  }

  stepsLeft(request: number): number {
    return this.dueClock[request] - this.clock;
  }

  /** Takes a request out before its end. */
  leave(request: number): void {
    const next = this.dueNext[request];
    const previous = this.duePrevious[request];
    if (next !== NONE) this.duePrevious[next] = previous;
    if (previous !== NONE) this.dueNext[previous] = next;
    else this.dueHead[this.dueClock[request] % this.dueHead.length] = next;
    this.forget(request);
  }

  /** Blocks that the next step will add to the caches of the batch. */
  newBlocks(): number {
    return this.byBlockOffset[remainder(-this.clock, BLOCK_TOKENS)];
  }

  /** One step: every request has one token more; calls back for those that ended, which have left. */
  advance(ended: (request: number, contextTokens: number) => void): void {
    this.clock++;
    this.contextTokens += this.size;
    const slot = this.clock % this.dueHead.length;
    let request = this.dueHead[slot];
    this.dueHead[slot] = NONE;
    while (request !== NONE) {
      const next = this.dueNext[request];
      const context = this.contextOf(request);
      this.forget(request);
      ended(request, context);
      request = next;
    }
  }

  private forget(request: number): void {
    this.size--;
    this.contextTokens -= this.contextOf(request);
    const block = remainder(this.offset[request], BLOCK_TOKENS);
    this.byBlockOffset[block] = this.byBlockOffset[block] - 1;
  }
}
