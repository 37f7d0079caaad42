import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { type TraceColumns, traceColumns } from '../src/step-clock/trace/trace-columns.js';
import { decode, partsIn, prefill, tableOf, twoRequests } from './phase-list.js';

const lists = ({ prefills, decodes, edgesSec }: TraceColumns) => ({
  prefills: {
    length: prefills.length,
    startSec: [...prefills.startSec],
    endSec: [...prefills.endSec],
    tokens: [...prefills.tokens],
    steps: [...prefills.steps],
    cut: [...prefills.cut],
    row: [...prefills.row],
  },
  decodes: {
    length: decodes.length,
    startSec: [...decodes.startSec],
    endSec: [...decodes.endSec],
    context: [...decodes.context],
    steps: [...decodes.steps],
    cut: [...decodes.cut],
    row: [...decodes.row],
  },
  edgesSec,
});

describe('traceColumns', () => {
  it('parts the kinds, in the order of the rows, on a time line from zero', () => {
    const late = twoRequests.map((p) => ({ ...p, start: p.start + 1000, end: p.end + 1000 }));
    expect(lists(traceColumns(tableOf(late)))).toEqual({
      prefills: {
        length: 2,
        startSec: [0, 3],
        endSec: [2, 5],
        tokens: [100, 60],
        steps: [Number.NaN, Number.NaN],
        cut: [0, 0],
        row: [0, 2],
      },
      decodes: {
        length: 2,
        startSec: [2, 5],
        endSec: [8, 9],
        context: [100, 60],
        steps: [6, 4],
        cut: [0, 0],
        row: [1, 3],
      },
      edgesSec: [],
    });
  });

  it('takes given steps before tokens, zero included, and tokens where none are given', () => {
    const { prefills, decodes } = traceColumns(
      tableOf([
        prefill('A', 0, 1, 10, { steps: 3 }),
        decode('A', 1, 2, 10, { steps: 7 }),
        prefill('B', 0, 1, 10),
        decode('B', 1, 3, 10),
        decode('C', 1, 4, 10, { steps: 0 }),
      ]),
    );
    expect([...prefills.steps]).toEqual([3, Number.NaN]);
    expect([...decodes.steps]).toEqual([7, 10]);
    expect([...decodes.row]).toEqual([1, 3]);
  });

  it('leaves phases without work out: they are not there, and span no time', () => {
    const { prefills, decodes, edgesSec } = traceColumns(
      tableOf([prefill('A', 0, 50, 0), decode('B', 10, 90, 0), prefill('C', 60, 61, 5), decode('C', 61, 63, 2)]),
    );
    expect([...prefills.startSec]).toEqual([0]);
    expect([...decodes.endSec]).toEqual([3]);
    expect(edgesSec).toEqual([]);
  });

  it('a given count of zero is no work, whatever the tokens say; given steps are, without tokens', () => {
    const { decodes } = traceColumns(
      tableOf([decode('A', 0, 2, 0, { steps: 3 }), decode('B', 0, 2, 5, { steps: 0 }), decode('C', 1, 2, 5)]),
    );
    expect([...decodes.row]).toEqual([0, 2]);
    expect([...decodes.steps]).toEqual([3, 5]);
    // Steps given to a prefill do not make work of no tokens.
    expect(traceColumns(tableOf([prefill('A', 0, 1, 0, { steps: 3 }), decode('A', 1, 2, 1)])).prefills.length).toBe(0);
  });

  it('knows the context at the start of a decode: the prompt with what was cached; NaN without a prefill', () => {
    const table = tableOf([
      prefill('A', 0, 1, 10, { cached: 90 }),
      decode('A', 1, 2, 5),
      decode('B', 1, 3, 5),
      prefill('C', 2, 3, 7),
      decode('C', 3, 4, 2),
    ]);
    expect([...traceColumns(table).decodes.context]).toEqual([100, Number.NaN, 7]);
  });

  it('lays engines one after another, a second apart', () => {
    const table = tableOf([
      prefill('A', 10, 12, 5, { engine: 0 }),
      prefill('B', 11, 13, 5, { engine: 2 }),
      decode('B', 13, 18, 5, { engine: 2 }),
      decode('A', 12, 15, 5, { engine: 0 }),
    ]);
    const { prefills, decodes, edgesSec } = traceColumns(table);
    // Engine 0 lasts from 10 to 15: engine 2 begins at 5 + 1; engine 1 has nothing, and takes no time.
    expect([...prefills.startSec]).toEqual([0, 6]);
    expect([...prefills.endSec]).toEqual([2, 8]);
    expect([...decodes.startSec]).toEqual([2, 8]);
    expect([...decodes.endSec]).toEqual([5, 13]);
    expect(edgesSec).toEqual([]);
  });

  it('cuts phases at the edges of a window: they keep what fell inside', () => {
    const table = tableOf([
      prefill('A', 0, 4, 100),
      decode('A', 4, 20, 16),
      prefill('B', 2, 5, 90),
      decode('B', 5, 7, 2),
      prefill('C', 9, 12, 60),
      decode('C', 12, 14, 2),
      prefill('D', 1, 3, 10),
    ]);
    const { prefills, decodes, edgesSec } = lists(traceColumns(table, partsIn(table, [[3, 10]])));
    // Time 3 is 0 now. A: a quarter left. B: two thirds. C: a third; its decode, and D, lie outside.
    expect(prefills).toEqual({
      length: 3,
      startSec: [0, 0, 6],
      endSec: [1, 2, 7],
      tokens: [25, 60, 20],
      steps: [Number.NaN, Number.NaN, Number.NaN],
      cut: [1, 1, 1],
      row: [0, 2, 4],
    });
    expect(decodes).toEqual({
      length: 2,
      startSec: [1, 2],
      endSec: [7, 4],
      context: [100, 90],
      steps: [16, 2],
      cut: [1, 0],
      row: [1, 3],
    });
    expect(edgesSec).toEqual([0, 7]);
  });

  it('a decode that began before the window has grown by then', () => {
    const table = tableOf([prefill('A', 0, 4, 100), decode('A', 4, 20, 16)]);
    const { decodes } = traceColumns(table, partsIn(table, [[8, 12]]));
    expect([...decodes.context]).toEqual([104]);
    expect([...decodes.steps]).toEqual([16]);
    expect([...decodes.cut]).toEqual([1]);
  });

  it('an edge counts only where it cut: phases that touch it, or end inside, leave none', () => {
    const table = tableOf([prefill('A', 1, 2, 10), decode('A', 2, 5, 3), prefill('B', 6, 7, 10)]);
    expect(traceColumns(table, partsIn(table, [[0, 6]])).edgesSec).toEqual([]);
    // What begins or ends at an edge looks as if it was cut: whether more went before cannot be told.
    expect(traceColumns(table, partsIn(table, [[1, 5]])).edgesSec).toEqual([0, 4]);
    expect([...traceColumns(table, partsIn(table, [[1, 5]])).decodes.cut]).toEqual([0]);
    expect([...traceColumns(table, partsIn(table, [[1, 5]])).prefills.cut]).toEqual([0]);
    // A phase that ends where the window starts, or starts where it ends, lies outside.
    expect(traceColumns(table, partsIn(table, [[2, 6]])).prefills.length).toBe(0);
  });

  it('lays windows one after another, a second apart, and cuts a phase in both', () => {
    const table = tableOf([prefill('A', 0, 1, 10), decode('A', 1, 11, 10), prefill('B', 20, 21, 10)]);
    const { prefills, decodes, edgesSec } = traceColumns(
      table,
      partsIn(table, [
        [0, 4],
        [6, 25],
      ]),
    );
    expect([...prefills.startSec]).toEqual([0, 19]);
    expect([...decodes.startSec]).toEqual([1, 5]);
    expect([...decodes.endSec]).toEqual([4, 10]);
    expect([...decodes.context]).toEqual([10, 15]);
    expect([...decodes.cut]).toEqual([1, 1]);
    expect(edgesSec).toEqual([0, 4, 5]);
  });

  it.each([
    ['too short', 0, 5e-16, 'got "5e-16 s in 1.0000000000000004 s" (row 0)'],
    ['too long', 0, 2e15, 'got "2000000000000000 s in 2000000000000001 s" (row 0)'],
  ])('refuses what no clock counts: %s', (_, start, end, got) => {
    expect(() => traceColumns(tableOf([decode('A', start, end, 5)]))).toThrow(
      expect.objectContaining({
        name: 'Fault',
        code: 'beta-estimators/bad-time',
        message: `phase: must last from 1e-15 to 1000000000000000 s, and long enough to be told beside all that the trace spans; ${got}`,
      }),
    );
  });

  it('takes what is just long or short enough', () => {
    expect(traceColumns(tableOf([decode('A', 0, 1e-15, 5)])).decodes.length).toBe(1);
    expect(traceColumns(tableOf([decode('A', 0, 1e15 - 1, 5)])).decodes.length).toBe(1);
    const late = tableOf([decode('A', 0, 1, 5), decode('B', 1e-3, 1e-3 + 5e-16, 5)]);
    expect(() => traceColumns(late)).toThrow('(row 1)');
    // Each is short enough, but not all that they span.
    expect(() => traceColumns(tableOf([decode('A', 0, 1, 5), decode('B', 2e15, 2e15 + 4, 5)]))).toThrow('(row 0)');
  });
});
