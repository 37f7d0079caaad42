import '@stepclock/vitest-matchers';
import { runScenario } from '@stepclock/engine-sim';
import { describe, expect, it } from 'vitest';
import { clockProblem } from '../src/step-clock/clock/clock-problem.js';
import { commonRate } from '../src/step-clock/clock/common-rate.js';
import { leastAbsoluteClock, looseClock } from '../src/step-clock/clock/loose-counts.js';
import { addRecomputed, presence } from '../src/step-clock/clock/presence.js';
import { enoughUntouched, touchedRows, undoubted } from '../src/step-clock/rows/doubtful-rows.js';
import { traceColumns } from '../src/step-clock/trace/trace-columns.js';
import { BETA, type ListedRow, rowsOf } from './cluster-rows.js';
import { decode, prefill, problemOf, twoRequests } from './phase-list.js';

describe('commonRate', () => {
  it('is the steps of a segment at the upper quartile of its decodes, as the fast ones are right', () => {
    // Rates 1, 2, 3 and 4 steps a second, one more each second; then A, C and D end.
    const problem = problemOf([
      decode('A', 0, 10, 10),
      decode('B', 1, 11, 20),
      decode('C', 2, 10, 24),
      decode('D', 3, 10, 28),
    ]);
    expect([...problem.frame.nodeSec]).toEqual([0, 1, 2, 3, 10, 11]);
    // Entry floor(0.75 n) of 1 | 1 2 | 1 2 3 | 1 2 3 4 | 2.
    expect([...commonRate(problem)]).toEqual([1, 2, 3, 28, 2]);
  });

  it('keeps the rates in order, whatever the order in which decodes come and go', () => {
    const problem = problemOf([
      decode('A', 0, 2, 8),
      decode('B', 0, 4, 4),
      decode('C', 1, 3, 4),
      decode('D', 2, 6, 12),
      decode('E', 3, 6, 18),
    ]);
    expect([...problem.frame.nodeSec]).toEqual([0, 1, 2, 3, 4, 6]);
    // Rates: A 4, B 1, C 2, D 3, E 6. Active: AB, ABC, BCD, BDE, DE.
    expect([...commonRate(problem)]).toEqual([4, 4, 3, 6, 12]);
  });

  it('is the mean rate where nothing decodes, and nothing where nothing runs', () => {
    const problem = problemOf([prefill('A', 0, 3, 90), decode('A', 3, 7, 8), decode('B', 9, 11, 1)]);
    // Nine steps in six seconds.
    expect([...commonRate(problem)]).toAgree([4.5, 8, 0, 1], 1e-14);
  });

  it('asks only decodes that no edge cut', () => {
    const problem = problemOf([decode('A', 0, 10, 40), decode('B', 3, 7, 4)], [[0, 8]]);
    expect([...problem.frame.nodeSec]).toEqual([0, 3, 7, 8]);
    expect([...commonRate(problem)]).toAgree([3, 4, 1], 1e-14);
  });
});

describe('looseClock', () => {
  it('has an edge for each busy segment, and one for each count', () => {
    const problem = problemOf([...twoRequests, decode('C', 20, 24, 4)]);
    const { graph, segments, decodes } = looseClock(problem);
    expect([graph.components, graph.edges, segments]).toEqual([7, 8, 5]);
    expect([...graph.segment]).toEqual([0, 1, 2, 3, 5]);
    // Segments, without the idle one from 4 to 5; then A, B and C.
    expect([...graph.from]).toEqual([0, 1, 2, 3, 5, 1, 2, 5]);
    expect([...graph.to]).toEqual([1, 2, 3, 4, 6, 3, 4, 6]);
    expect([...graph.gap]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect([...decodes]).toEqual([0, 1, 2]);
  });

  it('takes no count of what an edge cut', () => {
    const { graph, segments, decodes } = looseClock(
      problemOf([decode('A', 0, 10, 40), decode('B', 3, 7, 4)], [[0, 8]]),
    );
    expect([graph.edges, segments]).toEqual([4, 3]);
    expect([...decodes]).toEqual([1]);
  });
});

describe('leastAbsoluteClock', () => {
  // Ten decodes of 10 steps each, from 0 to 10 and from 10 to 20, in turn; the last counts less.
  const list = [
    ...Array.from({ length: 4 }, (_, i) => decode(`a${i}`, i / 8, 10, 10 - i / 8)),
    ...Array.from({ length: 4 }, (_, i) => decode(`b${i}`, 10 + i / 8, 20, 10 - i / 8)),
  ];
  const run = (changed: number, force: number, calls: number, countsOnly = false) => {
    const problem = problemOf(list);
    const loose = looseClock(problem);
    const steps = problem.columns.decodes.steps.slice();
    steps[7] = changed;
    const expected = problem.frame.segmentSec.slice();
    const variance = expected.map((k) => (countsOnly ? 1e6 : 0.01 * k));
    const clock = problem.frame.nodeSec.slice();
    const slack = new Float64Array(8);
    const hold = new Float64Array(8);
    for (let c = 0; c < calls; c++) {
      leastAbsoluteClock(loose, steps, expected, variance, force, clock, slack, hold);
    }
    return { slack: [...slack], hold: [...hold], clock, frame: problem.frame };
  };

  it('meets counts that agree with the time', () => {
    const { slack, clock, frame } = run(10 - 3 / 8, 5, 1);
    expect(slack).toAgree(new Array(8).fill(0), 0, 1e-9);
    const ends = Array.from(clock, (k) => k - clock[0]);
    expect(ends).toAgree(frame.nodeSec, 1e-9, 1e-9);
  });

  it('lets one that counts too little give way, and holds the others', () => {
    const { slack, hold } = run(6, 5, 6);
    expect(slack[7]).toBeGreaterThan(3);
    for (const s of slack.slice(0, 7)) expect(Math.abs(s)).toBeLessThan(0.15);
    // The force over the slack, where it gave way; over a tenth of a step, where it did not.
    expect(hold[7]).toAgree(5 / slack[7], 0.05);
    for (const h of hold.slice(0, 4)) expect(h).toAgree(50, 0.05);
  });

  it('gives way less to a greater force, and not at all to one that is great enough', () => {
    const weak = run(9, 2, 6).slack[7];
    const strong = run(9, 8, 6).slack[7];
    expect(weak).toBeGreaterThan(strong);
    expect(run(9, 1e6, 6).slack[7]).toBeLessThan(0.15);
  });

  it('holds a count that the clock falls short of, however far', () => {
    // More steps than the time has room for: a lower bound is not given up.
    const { slack, hold } = run(14, 5, 6);
    expect(hold[7]).toAgree(50, 0.01);
    const { slack: over } = run(6, 5, 6);
    expect(Math.abs(slack[7])).toBeLessThan(0.5 * over[7]);
    expect(slack[7]).toBeLessThan(0);
  });

  it('changes its hold half way a pass, as ratios go', () => {
    const problem = problemOf([decode('A', 0, 4, 4), decode('B', 2, 8, 6)]);
    const loose = looseClock(problem);
    const hold = Float64Array.of(1e-9, 0);
    const slack = new Float64Array(2);
    const rigid = new Float64Array(3).fill(1e-9);
    // A clock that nothing moves: A has 2 steps too many, B meets its count.
    const clock = Float64Array.of(0, 4, 6, 10);
    leastAbsoluteClock(loose, problem.columns.decodes.steps, Float64Array.of(4, 2, 4), rigid, 3, clock, slack, hold);
    expect(slack).toAgree([2, 0], 1e-3, 1e-3);
    // 1e-9 towards 1.5, twice; nothing towards 30 at once.
    expect(hold[0]).toAgree(Math.sqrt(Math.sqrt(1e-9 * 1.5) * 1.5), 1e-3);
    expect(hold[1]).toAgree(30, 1e-3);
  });
});

describe('presence', () => {
  const problem = problemOf(twoRequests);
  const loose = looseClock(problem);

  it('is the share of the steps that a decode took part in', () => {
    // A counts 6 of 8 steps; B all of its own.
    const { pressing, decodes, touched } = presence(problem, loose, Float64Array.of(2, 0.4));
    expect([...pressing]).toAgree([0.75, 1], 1e-14);
    expect([...decodes]).toAgree([0, 0.75, 1.75, 1], 1e-14);
    expect([...touched]).toEqual([0, 1, 1, 0]);
  });

  it('adds up, where several were preempted', () => {
    const { pressing, decodes, touched } = presence(problem, loose, Float64Array.of(2, 4));
    expect([...pressing]).toAgree([0.75, 0.5], 1e-14);
    expect([...decodes]).toAgree([0, 0.75, 1.25, 0.5], 1e-14);
    expect([...touched]).toEqual([0, 1, 1, 1]);
  });

  it('half a step more is none, and neither is less', () => {
    for (const slack of [Float64Array.of(0.5, 0), Float64Array.of(-3, 0)]) {
      const { pressing, decodes, touched } = presence(problem, loose, slack);
      expect([...pressing]).toEqual([1, 1]);
      expect([...decodes]).toEqual([0, 1, 2, 1]);
      expect([...touched]).toEqual([0, 0, 0, 0]);
    }
    expect(presence(problem, loose, Float64Array.of(0.51, 0)).pressing[0]).toAgree(6 / 6.51, 1e-14);
  });

  it('is by entry of the counts, of which a cut decode has none', () => {
    const cut = problemOf([decode('A', 0, 10, 40), decode('B', 3, 7, 4)], [[0, 8]]);
    const { pressing, decodes } = presence(cut, looseClock(cut), Float64Array.of(4));
    expect([...pressing]).toEqual([1, 0.5]);
    expect([...decodes]).toEqual([1, 1.5, 1]);
  });
});

describe('what was computed again', () => {
  it('is prompt and half of the output once, spread over the steps that passed', () => {
    const problem = problemOf(twoRequests);
    const tokens = Float64Array.of(1, 2, 3, 4);
    addRecomputed(problem, looseClock(problem), Float64Array.of(2, 0.5), Float64Array.of(1, 3, 5, 1), tokens);
    // A: 100 + 3 tokens over 6 + 2 steps.
    const rate = 103 / 8;
    expect([...tokens]).toAgree([1, 2 + 3 * rate, 3 + 5 * rate, 4], 1e-14);
    const both = new Float64Array(4);
    addRecomputed(problem, looseClock(problem), Float64Array.of(2, 1), Float64Array.of(1, 3, 5, 1), both);
    expect([...both]).toAgree([0, 3 * rate, 5 * (rate + 62 / 5), 62 / 5], 1e-14);
  });

  it('is nothing where the context is not known', () => {
    const problem = problemOf([decode('A', 0, 4, 4), prefill('B', 0, 2, 10), decode('B', 2, 5, 2)]);
    const tokens = new Float64Array(4);
    addRecomputed(problem, looseClock(problem), Float64Array.of(2, 3), new Float64Array(4).fill(1), tokens);
    const rate = 11 / 5;
    expect([...tokens].slice(0, 3)).toAgree([0, rate, rate], 1e-14);
  });
});

describe('rows that nothing doubtful touches', () => {
  const groups = { length: 4, ofSegment: Int32Array.of(0, 0, -1, 1, 2, 2, 3) };

  it('are those without a doubtful segment', () => {
    expect([...touchedRows(groups, Uint8Array.of(0, 1, 1, 0, 0, 0, 1))]).toEqual([1, 0, 0, 1]);
    expect([...touchedRows(groups, new Uint8Array(7))]).toEqual([0, 0, 0, 0]);
  });

  it('are regressed on alone where there are thirty with steps', () => {
    const rowsWith = (good: number) => {
      const list: ListedRow[] = [
        ...Array.from({ length: good }, (): ListedRow => [2, 0, 0, 0]),
        [0.3, 0, 0, 0],
        [0.31, 0, 0, 0],
        [5, 0, 0, 0],
      ];
      const touched = Uint8Array.from(list, (_, i) => (i === good + 2 ? 1 : 0));
      const rows = rowsOf(list, BETA);
      const weights = Float64Array.from(list, (_, i) => i + 1);
      return { enough: enoughUntouched(rows, touched), kept: [...undoubted(rows, weights, touched)].slice(good) };
    };
    // The row of 0.3 steps has none to speak of, that of 0.31 is the thirtieth.
    expect(rowsWith(29)).toEqual({ enough: true, kept: [0, 31, 0] });
    expect(rowsWith(28)).toEqual({ enough: false, kept: [0, 30, 31] });
  });
});

it('a clock that is right needs no slack, and one that was preempted shows it: engine and loose clock agree', () => {
  const { phases, truth } = runScenario('preempting', { seed: 1, requests: 120 });
  const problem = clockProblem(traceColumns(phases));
  const loose = looseClock(problem);
  const expected = commonRate(problem);
  const variance = expected.map((k) => 0.09 * Math.max(k, 0.05));
  const clock = new Float64Array(expected.length + 1);
  for (let j = 0; j < expected.length; j++) clock[j + 1] = clock[j] + expected[j];
  const slack = new Float64Array(loose.decodes.length);
  const hold = new Float64Array(loose.decodes.length);
  for (let m = 0; m < 8; m++) {
    leastAbsoluteClock(loose, problem.columns.decodes.steps, expected, variance, 3, clock, slack, hold);
  }
  const { row } = problem.columns.decodes;
  const preempted = (q: number): boolean => truth.preemptions[phases.request[row[loose.decodes[q]]]] > 0;
  const found = Array.from(slack, (s, q) => [s > 0.5, preempted(q)] as const);
  const right = found.filter(([a, b]) => a === b).length;
  expect(found.filter(([, b]) => b).length).toBeGreaterThan(5);
  expect(right / found.length).toBeGreaterThan(0.8);
});
