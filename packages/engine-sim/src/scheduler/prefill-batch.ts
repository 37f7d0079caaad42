import { blocksFor } from './block-pool.js';

/** The prefilling requests of one engine in the order of their admission, with their share of the step being planned. */
export class PrefillBatch {
  size = 0;
  /** Prefill tokens of the step, the sum of their positions, requests with a part in them, and blocks that they add to the cache. */
  tokens = 0;
  positions = 0;
  scheduled = 0;
  newBlocks = 0;
  private readonly members: Int32Array;
  private readonly chunks: Float64Array;
  /** Tokens of a request in the cache, and how many it needs there before it puts out a token. */
  private readonly computed: Float64Array;
  private readonly goal: Float64Array;

  constructor(
    requests: number,
    mostRunning: number,
    private readonly chunkSize: number,
  ) {
    const places = Math.min(requests, mostRunning);
    this.members = new Int32Array(places);
    this.chunks = new Float64Array(places);
    this.computed = new Float64Array(requests);
    this.goal = new Float64Array(requests);
  }

  /** Gives everybody its chunk while the budget lasts; returns what is left of it. */
  share(budget: number): number {
    this.tokens = 0;
    this.positions = 0;
    this.scheduled = 0;
    this.newBlocks = 0;
    let left = budget;
    for (let i = 0; i < this.size; i++) {
      const request = this.members[i];
      const have = this.computed[request];
      left -= this.give(i, have, this.goal[request] - have, left);
    }
    return left;
  }

  /** Takes in a request with `have` of its `goal` tokens in the cache, gives it its chunk, and returns that. */
  join(request: number, have: number, goal: number, budget: number): number {
    this.computed[request] = have;
    this.goal[request] = goal;
    this.members[this.size] = request;
    return this.give(this.size++, have, goal - have, budget);
  }

  /** The chunk that a request would get which still needs so many tokens. */
  chunkOf(missing: number, budget: number): number {
    return Math.min(missing, this.chunkSize, budget);
  }

  computedOf(request: number): number {
    return this.computed[request];
  }

  /** Takes out the request admitted last. */
  leaveLast(): void {
    this.size--;
  }

  /** The step is done: calls back for those that are complete, which have left. */
  advance(complete: (request: number, contextTokens: number) => void): void {
    const before = this.size;
    this.size = 0;
    for (let i = 0; i < before; i++) {
      const request = this.members[i];
      const computed = this.computed[request] + this.chunks[i];
      this.computed[request] = computed;
      if (computed < this.goal[request]) this.members[this.size++] = request;
      else complete(request, computed);
    }
  }

  private give(place: number, have: number, missing: number, budget: number): number {
    const chunk = this.chunkOf(missing, budget);
    this.chunks[place] = chunk;
    this.tokens += chunk;
    this.positions += chunk * (have + (chunk + 1) / 2);
    this.newBlocks += blocksFor(have + chunk) - blocksFor(have);
    if (chunk > 0) this.scheduled++;
    return chunk;
  }
}
