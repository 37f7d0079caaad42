import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrefillBatch } from '../src/scheduler/prefill-batch.js';

interface Plain {
  readonly request: number;
  have: number;
  readonly goal: number;
  chunk: number;
}

const blocks = (tokens: number): number => Math.ceil(tokens / 16);
const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);

const checkTotals = (batch: PrefillBatch, plain: Plain[]): void => {
  const { size, tokens, positions, scheduled, newBlocks } = batch;
  expect({
    size,
    tokens,
    positions,
    scheduled,
    newBlocks,
    computed: plain.map((p) => batch.computedOf(p.request)),
  }).toEqual({
    size: plain.length,
    tokens: sum(plain.map((p) => p.chunk)),
    positions: sum(plain.map(({ have, chunk }) => sum(Array.from({ length: chunk }, (_, i) => have + i + 1)))),
    scheduled: plain.filter((p) => p.chunk > 0).length,
    newBlocks: sum(plain.map((p) => blocks(p.have + p.chunk) - blocks(p.have))),
    computed: plain.map((p) => p.have),
  });
};

describe('the prefills of an engine', () => {
  it('a chunk is what is missing, within the chunk size and the budget', () => {
    const batch = new PrefillBatch(1, 1, 10);
    expect([batch.chunkOf(4, 99), batch.chunkOf(40, 99), batch.chunkOf(40, 7), batch.chunkOf(40, 0)]).toEqual([
      4, 10, 7, 0,
    ]);
  });

  it('share a budget in the order of their admission', () => {
    const batch = new PrefillBatch(3, 3, 20);
    // 50 tokens of which 10 are there; 5 of 5 missing; 40 missing and 5 left of the budget of 30.
    expect(batch.join(2, 10, 50, 30)).toBe(20);
    expect(batch.join(0, 0, 5, 10)).toBe(5);
    expect(batch.join(1, 0, 40, 5)).toBe(5);
    expect([batch.size, batch.tokens, batch.scheduled]).toEqual([3, 30, 3]);
    // 10 + 20 tokens take one more block, the others their first.
    expect(batch.newBlocks).toBe(3);
    const ended: number[][] = [];
    batch.advance((request, context) => ended.push([request, context]));
    expect(ended).toEqual([[0, 5]]);
    // 20 for the first, what it still needs; 35 missing within 12.
    expect(batch.share(32)).toBe(0);
    expect([batch.size, batch.tokens, batch.scheduled, batch.newBlocks]).toEqual([2, 32, 2, 2 + 1]);
    expect(batch.share(100)).toBe(60);
    expect(batch.share(0)).toBe(0);
    expect([batch.tokens, batch.scheduled, batch.newBlocks]).toEqual([0, 0, 0]);
    expect([2, 0, 1].map((request) => batch.computedOf(request))).toEqual([30, 5, 5]);
  });

  it('go on step by step as a plain list says', () => {
    const step = fc.record({
      budget: fc.integer({ min: 0, max: 60 }),
      joins: fc.array(fc.record({ have: fc.nat(20), more: fc.integer({ min: 1, max: 70 }) }), { maxLength: 2 }),
      leaves: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), fc.integer({ min: 1, max: 30 }), (steps, chunkSize) => {
        const batch = new PrefillBatch(30, 30, chunkSize);
        let plain: Plain[] = [];
        let next = 0;
        for (const { budget, joins, leaves } of steps) {
          if (leaves && plain.length > 0) {
            batch.leaveLast();
            plain.pop();
          }
          let left = budget;
          const chunk = (missing: number): number => Math.min(missing, chunkSize, left);
          for (const p of plain) {
            p.chunk = chunk(p.goal - p.have);
            left -= p.chunk;
          }
          expect(batch.share(budget)).toBe(left);
          checkTotals(batch, plain);
          for (const { have, more } of joins) {
            const joined = { request: next++, have, goal: have + more, chunk: chunk(more) };
            expect(batch.join(joined.request, have, joined.goal, left)).toBe(joined.chunk);
            left -= joined.chunk;
            plain.push(joined);
            checkTotals(batch, plain);
          }
          const ended: number[][] = [];
          batch.advance((request, context) => ended.push([request, context]));
          for (const p of plain) p.have += p.chunk;
          expect(ended).toEqual(plain.filter((p) => p.have >= p.goal).map((p) => [p.request, p.goal]));
          plain = plain.filter((p) => p.have < p.goal);
          expect(batch.size).toBe(plain.length);
        }
      }),
      { numRuns: 60 },
    );
  });
});
