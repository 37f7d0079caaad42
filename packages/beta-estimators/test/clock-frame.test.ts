import '@stepclock/vitest-matchers';
import { runScenario } from '@stepclock/engine-sim';
import { describe, expect, it } from 'vitest';
import { ANY_SCHEDULING, clockProblem } from '../src/step-clock/clock/clock-problem.js';
import { clusterRows } from '../src/step-clock/rows/segment-rows.js';
import { activeOn } from '../src/step-clock/trace/clock-frame.js';
import { traceColumns } from '../src/step-clock/trace/trace-columns.js';
import { KV } from './cluster-rows.js';
import { decode, prefill, problemOf, tableOf, twoRequests } from './phase-list.js';

describe('the time line of two requests, cut into segments', () => {
  it('has nodes where steps ended: at first and last tokens, not where a prefill begins while others run', () => {
    const { frame } = problemOf(twoRequests);
    expect([...frame.nodeSec]).toEqual([0, 2, 5, 8, 9]);
    expect([...frame.segmentSec]).toEqual([2, 3, 3, 1]);
    expect([...frame.decodes]).toEqual([0, 1, 2, 1]);
    expect([...frame.busy]).toEqual([1, 1, 1, 1]);
    expect([...frame.whole]).toEqual([1, 1, 1, 1]);
  });

  it('knows each phase by its nodes, and how far into a segment a prefill begins', () => {
    const { frame } = problemOf(twoRequests);
    expect([...frame.decodeStart]).toEqual([1, 2]);
    expect([...frame.decodeEnd]).toEqual([3, 4]);
    expect([...frame.prefillSegment]).toEqual([0, 1]);
    expect([...frame.prefillEnd]).toEqual([1, 2]);
    expect([...frame.prefillOffset]).toEqual([0, 1 / 3]);
  });

  it('ties the ends of each decode by its count', () => {
    const { ties } = problemOf(twoRequests);
    expect([...ties.component]).toEqual([0, 1, 2, 1, 2]);
    expect([...ties.offset]).toEqual([0, 0, 0, 6, 4]);
    expect([ties.components, ties.cycles, ties.disagreeing]).toEqual([3, 0, 0]);
  });

  it('couples the components by the segments between them', () => {
    const { graph } = problemOf(twoRequests);
    expect([graph.components, graph.edges]).toEqual([3, 4]);
    expect([...graph.segment]).toEqual([0, 1, 2, 3]);
    expect([...graph.from]).toEqual([0, 1, 2, 1]);
    expect([...graph.to]).toEqual([1, 2, 1, 2]);
    // From 5 to 8, B has taken 0 steps and A comes to 6; from 8 to 9, A has taken 6 and B comes to 4.
    expect([...graph.gap]).toEqual([0, 0, 6, -2]);
    expect([...graph.start]).toEqual([0, 1, 5, 8]);
    expect([...graph.incident]).toEqual([0, 0, 1, 2, 3, 1, 2, 3]);
  });

  it('makes every segment a cluster, as no prefill spans a node', () => {
    const { groups } = problemOf(twoRequests);
    expect(groups.length).toBe(4);
    expect([...groups.ofSegment]).toEqual([0, 1, 2, 3]);
  });

  it('takes the mean time of a counted step: 6 s for 6, 4 s for 4', () => {
    expect(problemOf(twoRequests).meanStepSec).toBe(1);
  });
});

describe('segments', () => {
  it('are idle where nothing is active, and a busy period begins at a node', () => {
    const { frame, graph, groups } = problemOf([
      prefill('A', 0, 2, 100),
      decode('A', 2, 4, 2),
      prefill('B', 10, 12, 100),
      decode('B', 12, 15, 3),
    ]);
    expect([...frame.nodeSec]).toEqual([0, 2, 4, 10, 12, 15]);
    expect([...frame.busy]).toEqual([1, 1, 0, 1, 1]);
    expect([...frame.prefillOffset]).toEqual([0, 0]);
    expect([...groups.ofSegment]).toEqual([0, 1, -1, 2, 3]);
    // Decodes of one component each, alone: nothing but the prefills couples.
    expect([...graph.segment]).toEqual([0, 3]);
  });

  it('are cut at the start of a prefill whose steps are given, and its count ties them', () => {
    const { frame, ties } = problemOf([
      decode('A', 0, 8, 8),
      prefill('B', 3, 5, 60, { steps: 2 }),
      decode('B', 5, 9, 4),
      prefill('C', 1, 5, 60, { steps: 0 }),
    ]);
    expect([...frame.nodeSec]).toEqual([0, 3, 5, 8, 9]);
    expect([...frame.prefillOffset]).toEqual([0, 1 / 3]);
    expect([...ties.component]).toEqual([0, 1, 1, 0, 1]);
    expect([...ties.offset]).toEqual([0, 0, 2, 8, 6]);
  });

  it('begin with the first decode of the list too', () => {
    const { frame } = problemOf([decode('A', 3, 5, 2), decode('B', 0, 9, 9)]);
    expect([...frame.nodeSec]).toEqual([0, 3, 5, 9]);
    expect([...frame.decodeStart]).toEqual([1, 0]);
  });

  it('have no count of a prefill that an edge cut', () => {
    const list = [decode('A', 0, 8, 8), prefill('B', 1, 5, 60, { steps: 4 }), decode('C', 4, 6, 2)];
    expect(problemOf(list).ties.components).toBe(3);
    const { ties, frame } = problemOf(list, [[2, 9]]);
    expect([...frame.nodeSec]).toEqual([0, 2, 3, 4, 6]);
    expect(ties.components).toBe(4);
  });

  it('of windows are not whole next to an edge that cut', () => {
    const list = [prefill('A', 0, 2, 100), decode('A', 2, 20, 18), prefill('B', 3, 5, 60), decode('B', 5, 9, 4)];
    const { frame, ties, groups, meanStepSec } = problemOf(list, [[1, 10]]);
    expect([...frame.nodeSec]).toEqual([0, 1, 4, 8, 9]);
    expect([...frame.whole]).toEqual([0, 1, 1, 0]);
    expect([...groups.ofSegment]).toEqual([-1, 0, 1, -1]);
    // The decode that the edge cut gives no count: only B does.
    expect(ties.components).toBe(4);
    expect(meanStepSec).toBe(1);
  });

  it('under a prefill that an edge cut have unknown work', () => {
    const list = [decode('A', 0, 20, 20), prefill('B', 3, 9, 60), decode('B', 9, 15, 6), decode('C', 5, 7, 2)];
    const { frame, groups } = problemOf(list, [[4, 30]]);
    expect([...frame.nodeSec]).toEqual([0, 1, 3, 5, 11, 16]);
    expect([...frame.whole]).toEqual([0, 1, 1, 1, 1]);
    expect([...groups.ofSegment]).toEqual([-1, -1, -1, 0, 1]);
  });

  it('of two windows are not whole on both sides of the gap', () => {
    const list = [decode('A', 0, 100, 100), decode('B', 2, 4, 2), decode('C', 52, 54, 2)];
    const { frame, groups } = problemOf(list, [
      [0, 10],
      [50, 60],
    ]);
    expect([...frame.nodeSec]).toEqual([0, 2, 4, 10, 11, 13, 15, 21]);
    expect([...frame.busy]).toEqual([1, 1, 1, 0, 1, 1, 1]);
    expect([...frame.whole]).toEqual([0, 1, 0, 0, 0, 1, 0]);
    expect([...groups.ofSegment]).toEqual([-1, 0, -1, -1, -1, 1, -1]);
  });
});

describe('clusters', () => {
  it('join the segments that a prefill spans, and only those', () => {
    const { frame, groups } = problemOf([
      decode('A', 0, 10, 10),
      decode('B', 1, 9, 8),
      // From the middle of the second segment to the middle of the fourth.
      prefill('C', 3, 7, 60),
      decode('D', 4, 6, 2),
      decode('C', 7, 11, 4),
    ]);
    expect([...frame.nodeSec]).toEqual([0, 1, 4, 6, 7, 9, 10, 11]);
    expect([...groups.ofSegment]).toEqual([0, 1, 1, 1, 2, 3, 4]);
    expect(groups.length).toBe(5);
  });

  it('chain where prefills overlap, and part where one ends before the next begins', () => {
    const list = [
      decode('Z', 0, 20, 20),
      prefill('A', 1, 5, 10),
      prefill('B', 4, 8, 10),
      prefill('C', 8, 9, 10),
      decode('A', 5, 20, 15),
      decode('B', 8, 20, 12),
      decode('C', 9, 20, 11),
    ];
    const { frame, groups } = problemOf(list);
    expect([...frame.nodeSec]).toEqual([0, 5, 8, 9, 20]);
    expect([...groups.ofSegment]).toEqual([0, 0, 1, 2]);
  });

  it('are rows of sums over their segments', () => {
    const problem = problemOf([
      decode('A', 0, 10, 10),
      prefill('C', 3, 7, 60),
      decode('B', 4, 6, 2),
      decode('C', 7, 11, 4),
    ]);
    // Nodes 0 4 6 7 10 11; the prefill joins the first three segments.
    expect([...problem.groups.ofSegment]).toEqual([0, 0, 0, 1, 2]);
    const work = {
      steps: Float64Array.of(4, 2, 1, 3, 1),
      shares: { tokens: Float64Array.of(15, 30, 15, 0, 0), unsure: new Float64Array(5) },
      context: Float64Array.of(10, 20, 30, 40, 50),
    };
    const rows = clusterRows(problem, work, KV, Number.POSITIVE_INFINITY);
    expect(rows.length).toBe(3);
    expect([...rows.seconds]).toEqual([7, 3, 1]);
    expect([...rows.steps]).toEqual([7, 3, 1]);
    const [, prefillTokens, decodeTokens, contextTokens] = rows.sums;
    expect([...prefillTokens]).toEqual([60, 0, 0]);
    expect([...decodeTokens]).toEqual([4 + 2 * 2 + 1, 3 * 2, 1]);
    expect([...contextTokens]).toEqual([40 + 40 + 30, 120, 50]);
  });

  it('hold all seconds in which something is active, and all tokens: nothing is lost between them', () => {
    const { phases } = runScenario('folded', { seed: 3, requests: 80 });
    const problem = clockProblem(traceColumns(phases));
    const { frame, groups, columns } = problem;
    const count = frame.segmentSec.length;
    const ones = new Float64Array(count).fill(1);
    const work = { steps: ones, context: ones, shares: { tokens: ones, unsure: ones } };
    const rows = clusterRows(problem, work, KV, Number.POSITIVE_INFINITY);
    const sum = (column: Float64Array): number => column.reduce((a, b) => a + b, 0);
    const busySec = frame.segmentSec.reduce((total, dt, j) => total + dt * frame.busy[j], 0);
    expect(sum(rows.seconds)).toAgree(busySec, 1e-12);
    expect(sum(rows.steps)).toBe(sum(Float64Array.from(frame.busy)));
    // No prefill lies across two clusters.
    for (let i = 0; i < columns.prefills.length; i++) {
      const a = frame.prefillSegment[i];
      const b = frame.prefillEnd[i] - 1;
      expect(groups.ofSegment[a]).toBe(groups.ofSegment[b]);
    }
    expect(groups.length).toBe(Math.max(...groups.ofSegment) + 1);
  });
});

/** A token budget that nobody knows. */
const UNKNOWN = ANY_SCHEDULING;

describe('the mean time of a step', () => {
  it('is that of the counted decodes; of all where none is; and a second where nothing is known', () => {
    const columns = traceColumns(tableOf([decode('A', 0, 8, 4), decode('B', 0, 6, 6), prefill('C', 0, 1, 5)]));
    expect(clockProblem(columns).meanStepSec).toBe(1.4);
    expect(clockProblem(columns, UNKNOWN, Uint8Array.of(0, 1)).meanStepSec).toBe(1);
    expect(clockProblem(columns, UNKNOWN, Uint8Array.of(0, 0)).meanStepSec).toBe(1.4);
    expect(clockProblem(traceColumns(tableOf([prefill('C', 0, 1, 5)]))).meanStepSec).toBe(1);
  });

  it('two nodes much closer than a step are of one step, unless counts gave way', () => {
    // Steps of a second; B's last token was seen a tenth of a second after C's.
    const columns = traceColumns(tableOf([decode('A', 0, 20, 20), decode('B', 2, 9.1, 7), decode('C', 1, 9, 8)]));
    expect([...clockProblem(columns).ties.component]).toEqual([0, 1, 2, 1, 2, 0].map((c) => (c === 2 ? 1 : c)));
    expect(clockProblem(columns, UNKNOWN, Uint8Array.of(1, 1, 1)).ties.components).toBe(3);
  });

  it('counts are left out of the ties where they are not counted', () => {
    const columns = traceColumns(tableOf(twoRequests));
    expect([...clockProblem(columns, UNKNOWN, Uint8Array.of(0, 1)).ties.component]).toEqual([0, 1, 2, 3, 2]);
  });
});

it('activeOn counts how many phases cover each segment', () => {
  expect([...activeOn(4, Int32Array.of(0, 1, 1), Int32Array.of(2, 4, 2))]).toEqual([1, 3, 1, 1]);
  expect([...activeOn(2, new Int32Array(0), new Int32Array(0))]).toEqual([0, 0]);
});
