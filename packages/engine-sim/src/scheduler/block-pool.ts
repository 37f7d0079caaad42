import { BLOCK_TOKENS } from '../engine-options.js';

const NONE = -1;

export const blocksFor = (tokens: number): number => Math.ceil(tokens / BLOCK_TOKENS);

/**
 * Free blocks of the KV cache. With `remember`, they are handed out in the order in which they came back, as vLLM does with
 * prefix caching on, and a request that gave its blocks back finds again those that nobody has taken since. It gives its
 * last block back first, so that the head of its context survives longest.
 */
export class BlockPool {
  free: number;
  /** Blocks that came back together: how many of them are still free, first in, first out, from `oldest` on. */
  private readonly lots: { left: number }[] = [];
  private oldest = 0;
  /** Lot of the blocks that a request gave back. */
  private readonly lotOf: Int32Array;

  constructor(
    blocks: number,
    requests: number,
    private readonly remember: boolean,
  ) {
    this.free = blocks;
    this.lotOf = new Int32Array(remember ? requests : 0).fill(NONE);
    if (remember) this.lots.push({ left: blocks });
  }

  take(blocks: number): void {
    this.free -= blocks;
    if (!this.remember) return;
    let missing = blocks;
    while (missing > 0) {
      const lot = this.lots[this.oldest];
      const taken = Math.min(missing, lot.left);
      lot.left -= taken;
      missing -= taken;
      if (lot.left === 0) this.oldest++;
    }
  }

  /** Takes back all blocks of a request with this many tokens in the cache. */
  give(request: number, contextTokens: number): void {
    const blocks = blocksFor(contextTokens);
    this.free += blocks;
    if (!this.remember) return;
    this.lotOf[request] = this.lots.length;
    this.lots.push({ left: blocks });
  }

  /**
   * Tokens of a request, from its first one on, that are still in the blocks it gave back: whole blocks only.
   * @param contextTokens what it had when it gave them back
   */
  remembered(request: number, contextTokens: number): number {
    const lot = this.lotOf[request] ?? NONE;
    if (lot < this.oldest) return 0;
    const { left } = this.lots[lot];
    return Math.min(left, Math.floor(contextTokens / BLOCK_TOKENS)) * BLOCK_TOKENS;
  }

  /** Takes those blocks out of the pool for the request that gave them. */
  recall(request: number, tokens: number): void {
    if (tokens === 0) return;
    const blocks = tokens / BLOCK_TOKENS;
    this.free -= blocks;
    this.lots[this.lotOf[request]].left -= blocks;
    this.lotOf[request] = NONE;
  }
}
