import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockPool, blocksFor } from '../src/scheduler/block-pool.js';

it('blocks hold 16 tokens', () => {
  expect([0, 1, 15, 16, 17, 32, 33].map(blocksFor)).toEqual([0, 1, 1, 1, 2, 2, 3]);
});

/** Every block by number in the order in which it will be handed out, and what it holds. */
class PlainPool {
  readonly free: string[];

  constructor(blocks: number) {
    this.free = Array.from({ length: blocks }, () => 'nothing');
  }

  take(blocks: number): void {
    this.free.splice(0, blocks);
  }

  /** The last block comes back first. */
  give(request: number, tokens: number): void {
    this.forget(request);
    // Only a full block can be found again.
    for (let block = Math.ceil(tokens / 16) - 1; block >= 0; block--) {
      this.free.push(16 * (block + 1) <= tokens ? `${request}/${block}` : 'a part');
    }
  }

  remembered(request: number): number {
    let blocks = 0;
    while (this.free.includes(`${request}/${blocks}`)) blocks++;
    return 16 * blocks;
  }

  recall(request: number, tokens: number): void {
    for (let block = 0; block < tokens / 16; block++) this.free.splice(this.free.indexOf(`${request}/${block}`), 1);
    this.forget(request);
  }

  private forget(request: number): void {
    for (const [at, content] of this.free.entries()) if (content.startsWith(`${request}/`)) this.free[at] = 'nothing';
  }
}

describe('a pool', () => {
  const BLOCKS = 12;
  const REQUESTS = 5;
  const moves = fc.array(
    fc.record({ request: fc.nat(REQUESTS - 1), tokens: fc.integer({ min: 1, max: 70 }), fresh: fc.boolean() }),
    { maxLength: 60 },
  );

  it.each([true, false])('counts what is free, and finds what nobody has taken since (remembering: %s)', (remember) => {
    fc.assert(
      fc.property(moves, (made) => {
        const pool = new BlockPool(BLOCKS, REQUESTS, remember);
        const plain = new PlainPool(BLOCKS);
        const holds = new Map<number, number>();
        const gave = new Map<number, number>();
        const foundOf = (request: number): number => {
          const before = gave.get(request);
          return remember && before !== undefined ? plain.remembered(request) : 0;
        };
        for (const { request, tokens, fresh } of made) {
          const held = holds.get(request);
          if (held !== undefined) {
            pool.give(request, held);
            plain.give(request, held);
            holds.delete(request);
            gave.set(request, held);
          } else {
            const found = fresh ? 0 : foundOf(request);
            const all = Math.max(tokens, found);
            if (blocksFor(all) > plain.free.length) continue;
            pool.recall(request, found);
            plain.recall(request, found);
            pool.take(blocksFor(all) - blocksFor(found));
            plain.take(blocksFor(all) - blocksFor(found));
            holds.set(request, all);
            if (found > 0) gave.delete(request);
          }
          const idle = [...gave].filter(([other]) => !holds.has(other));
          expect([pool.free, ...idle.map(([other, before]) => pool.remembered(other, before))]).toEqual([
            plain.free.length,
            ...idle.map(([other]) => foundOf(other)),
          ]);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('finds nothing of a request that gave nothing', () => {
    for (const remember of [true, false]) expect(new BlockPool(4, 2, remember).remembered(1, 64)).toBe(0);
  });

  it('of no limit stays so', () => {
    const pool = new BlockPool(Number.POSITIVE_INFINITY, 1, true);
    pool.take(1e6);
    expect(pool.free).toBe(Number.POSITIVE_INFINITY);
    pool.give(0, 1600);
    expect(pool.remembered(0, 1600)).toBe(1600);
  });
});
