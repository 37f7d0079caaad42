import { DECODE, type PhaseTable, PREFILL } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { cutWindows } from '../src/step-clock/trace/cut-windows.js';
import { WHOLE_TRACE } from '../src/step-clock/trace/trace-columns.js';

/** Decodes of `length` seconds and ten steps a second, one begun every second; every third row is a prefill within a second. */
const steady = (decodes: number, length: number, engines = 1): PhaseTable => {
  const rows = Math.floor(decodes * 1.5);
  const kind = Uint8Array.from({ length: rows }, (_, i) => (i % 3 === 2 ? PREFILL : DECODE));
  let d = 0;
  const startSec = Float64Array.from(kind, (k) => (k === DECODE ? d++ : d));
  return {
    length: rows,
    kind,
    startSec,
    endSec: startSec.map((t, i) => t + (kind[i] === DECODE ? length : 0.5)),
    prefillTokens: new Float64Array(rows).fill(1),
    decodeTokens: Float64Array.from(kind, (k) => (k === DECODE ? 10 * length : 0)),
    request: new Uint32Array(rows),
    requestIds: { length: 1, at: String },
    ...(engines > 1 && {
      instance: Uint32Array.from({ length: rows }, (_, i) => i % engines),
      instanceIds: { length: engines, at: String },
    }),
  };
};

const edgesOf = (phases: PhaseTable): readonly number[] =>
  cutWindows(phases, WHOLE_TRACE).flatMap(([part]) => [part.window[1]]);

describe('cutWindows', () => {
  it('leaves a short trace whole', () => {
    const phases = steady(1399, 2);
    expect(cutWindows(phases, WHOLE_TRACE)).toEqual([
      [{ window: WHOLE_TRACE, rows: Uint32Array.from(phases.kind.keys()) }],
    ]);
  });

  it('cuts a long one into windows of seven hundred decodes or more, about even', () => {
    const edges = edgesOf(steady(7100, 2));
    expect(edges).toHaveLength(10);
    for (const [w, edge] of edges.slice(0, -1).entries())
      expect(Math.abs(edge - 710 * (w + 1))).toBeLessThan(0.31 * 710);
    expect(edges.at(-1)).toBe(Number.POSITIVE_INFINITY);
  });

  it('makes them longer where more decodes are active: twelve times as many', () => {
    // A hundred at a time: twelve hundred a window.
    expect(edgesOf(steady(7200, 100))).toHaveLength(6);
  });

  it('cuts where the least is in flight', () => {
    const phases = steady(1500, 2);
    // Nothing runs from 800 to 803.
    const quiet = phases.startSec.map((t) => (t >= 800 ? t + 3 : t));
    const pause = {
      ...phases,
      startSec: quiet,
      endSec: quiet.map((t, i) => t + phases.endSec[i] - phases.startSec[i]),
    };
    const [edge] = edgesOf(pause);
    expect(edge).toBeGreaterThanOrEqual(801);
    expect(edge).toBeLessThanOrEqual(805);
  });

  it('gives a row over an edge to both windows, and every other to one, whatever the order of rows', () => {
    const phases = steady(2200, 7);
    const windows = cutWindows(phases, WHOLE_TRACE);
    expect(windows).toHaveLength(3);
    const times = new Uint8Array(phases.length);
    for (const [{ rows }] of windows) for (const i of rows) times[i]++;
    const edges = edgesOf(phases).slice(0, -1);
    for (const [i, count] of times.entries()) {
      const over = edges.filter((edge) => phases.startSec[i] < edge && phases.endSec[i] > edge).length;
      expect(count).toBe(1 + over);
    }
    const backwards = (column: Float64Array) => column.slice().reverse();
    const reversed = {
      ...phases,
      kind: phases.kind.slice().reverse(),
      startSec: backwards(phases.startSec),
      endSec: backwards(phases.endSec),
      prefillTokens: backwards(phases.prefillTokens),
      decodeTokens: backwards(phases.decodeTokens),
    };
    expect(edgesOf(reversed)).toEqual(edgesOf(phases));
  });

  it('looks at nothing outside of what was asked for', () => {
    const phases = steady(1400, 2);
    const [[part], ...more] = cutWindows(phases, [100, 200]);
    expect(more).toEqual([]);
    expect(part.window).toEqual([100, 200]);
    for (const i of part.rows) expect(phases.startSec[i] < 200 && phases.endSec[i] > 100).toBe(true);
  });

  it('keeps engines apart; those too small for a window of their own share one', () => {
    const large = cutWindows(steady(2800, 2, 2), WHOLE_TRACE);
    expect(large.every((parts) => parts.length === 1)).toBe(true);
    const small = cutWindows(steady(1400, 2, 7), WHOLE_TRACE);
    // Two hundred decodes each: four make a window, and the rest joins it.
    expect(small.map((parts) => parts.length)).toEqual([7]);
    for (const parts of small) for (const { rows } of parts) expect(new Set([...rows].map((i) => i % 7)).size).toBe(1);
  });
});
