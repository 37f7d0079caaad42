import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeBatch } from '../src/scheduler/decode-batch.js';

interface Plain {
  readonly request: number;
  context: number;
  left: number;
}

const checkBatch = (batch: DecodeBatch, plain: Plain[]): void => {
  expect({
    size: batch.size,
    contextTokens: batch.contextTokens,
    newBlocks: batch.newBlocks(),
    contexts: plain.map((p) => batch.contextOf(p.request)),
    left: plain.map((p) => batch.stepsLeft(p.request)),
  }).toEqual({
    size: plain.length,
    contextTokens: plain.reduce((sum, p) => sum + p.context, 0),
    // A full last block: the next token needs another.
    newBlocks: plain.filter((p) => p.context % 16 === 0).length,
    contexts: plain.map((p) => p.context),
    left: plain.map((p) => p.left),
  });
};

const advanced = (batch: DecodeBatch): number[][] => {
  const ended: number[][] = [];
  batch.advance((request, context) => ended.push([request, context]));
  return ended.sort(([a], [b]) => (a as number) - (b as number));
};

describe('the decodes of an engine', () => {
  it('have one token more a step, and leave with their last', () => {
    const batch = new DecodeBatch(3, 3);
    batch.join(0, 15, 2);
    batch.join(2, 32, 1);
    expect([batch.size, batch.contextTokens, batch.newBlocks()]).toEqual([2, 47, 1]);
    expect(advanced(batch)).toEqual([[2, 33]]);
    expect([batch.size, batch.contextTokens, batch.newBlocks()]).toEqual([1, 16, 1]);
    batch.join(1, 4, 3);
    expect([batch.stepsLeft(0), batch.stepsLeft(1), batch.contextOf(0), batch.contextOf(1)]).toEqual([1, 3, 16, 4]);
    expect(advanced(batch)).toEqual([[0, 17]]);
    batch.leave(1);
    expect([batch.size, batch.contextTokens, batch.newBlocks()]).toEqual([0, 0, 0]);
    expect(advanced(batch)).toEqual([]);
  });

  it('go on step by step as a plain list says, whoever joins and leaves', () => {
    const longest = 7;
    const step = fc.record({
      joins: fc.array(
        fc.record({ context: fc.integer({ min: 1, max: 40 }), left: fc.integer({ min: 1, max: longest }) }),
        { maxLength: 4 },
      ),
      leaves: fc.array(fc.nat(20), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const batch = new DecodeBatch(100, longest);
        let plain: Plain[] = [];
        let next = 0;
        for (const { joins, leaves } of steps) {
          for (const { context, left } of joins) {
            batch.join(next, context, left);
            plain.push({ request: next++, context, left });
          }
          checkBatch(batch, plain);
          for (const place of leaves) {
            const [gone] = plain.splice(place, 1);
            if (gone !== undefined) batch.leave(gone.request);
          }
          checkBatch(batch, plain);
          for (const p of plain) {
            p.context++;
            p.left--;
          }
          expect(advanced(batch)).toEqual(plain.filter((p) => p.left === 0).map((p) => [p.request, p.context]));
          plain = plain.filter((p) => p.left > 0);
          checkBatch(batch, plain);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('a request that left may come back, where another now is at its end', () => {
    const batch = new DecodeBatch(2, 4);
    batch.join(0, 8, 4);
    batch.join(1, 9, 4);
    batch.leave(0);
    expect(advanced(batch)).toEqual([]);
    batch.join(0, 8, 3);
    expect([advanced(batch), advanced(batch), advanced(batch)]).toEqual([
      [],
      [],
      [
        [0, 11],
        [1, 13],
      ],
    ]);
  });
});
