import { describe, expect, it } from 'vitest';
import { knobSplits } from '../src/data/knob-splits.js';
import { drawSets, type StageTable } from '../src/index.js';
import { tableOf } from './made-tables.js';

/** One row a number of vision tokens. */
const rows = (n: number, from = 1): StageTable =>
  tableOf(Array.from({ length: n }, (_, i) => ({ vision_tokens: from + i, T_LLM_prefill: 1 + i })));

const tokens = (table: StageTable, which: Uint32Array): number[] =>
  Array.from(which, (row) => table.knobs[0]?.values[row]);

describe('drawSets', () => {
  it('tests, calibrates and trains on rows that are all different, each as many as asked', () => {
    const [source, target] = [rows(60), rows(40, 11)];
    const { test, pool, source: trained } = drawSets(source, target, 15, 30, 7);
    expect([test.length, pool.length, trained.length]).toEqual([15, 25, 30]);
    expect([...test, ...pool].sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i));
    const held = new Set(tokens(target, test));
    expect(tokens(source, trained).filter((value) => held.has(value))).toEqual([]);
    expect([...trained].sort((a, b) => a - b)).toEqual([...trained]);
    expect(drawSets(source, target, 15, 30, 7)).toEqual({ test, pool, source: trained });
    expect(drawSets(source, target, 15, 30, 8).test).not.toEqual(test);
  });

  it('trains on the whole source, the test set included, when it has no more than asked for', () => {
    const source = rows(30);
    const all = Uint32Array.from({ length: 30 }, (_, i) => i);
    expect(drawSets(source, source, 10, 30, 0).source).toEqual(all);
    expect(drawSets(source, source, 10, 29, 0).source).toHaveLength(20);
  });

  it('refuses a test set that is none, or that leaves nothing', () => {
    const table = rows(10);
    expect(drawSets(table, table, 1, 5, 0).pool).toHaveLength(9);
    expect(drawSets(table, table, 9, 5, 0).pool).toHaveLength(1);
    for (const test of [0, 10, Number.NaN]) {
      expect(() => drawSets(table, table, test, 5, 0)).toThrow(
        expect.objectContaining({
          code: 'stage/too-many-samples',
          value: test,
          message: `test configurations: must leave some of the target's 10 to calibrate on; got ${test}`,
        }),
      );
    }
  });
});

describe('knobSplits', () => {
  const testKeys = (keys: readonly string[], folds: number) =>
    knobSplits(keys, folds, 1).map(({ test }) => [...new Set(Array.from(test, (row) => keys[row]))].sort());

  it('keeps rows of one key together, in no more folds than there are keys', () => {
    const keys = ['a', 'b', 'a', 'c', 'b', 'a'];
    expect(testKeys(keys, 5).sort()).toEqual([['a'], ['b'], ['c']]);
    expect(testKeys(['a', 'a', 'a', 'b'], 4).sort()).toEqual([['a'], ['b']]);
  });

  it('splits by rows where every key is its own, or all are one', () => {
    expect(knobSplits(['a', 'b', 'c'], 9, 1)).toHaveLength(3);
    expect(knobSplits(['a', 'a', 'a', 'a'], 2, 1).map(({ test }) => test.length)).toEqual([2, 2]);
  });
});
