import '@stepclock/vitest-matchers';
import { runScenario } from '@stepclock/engine-sim';
import { dividedCost } from '@stepclock/step-cost';
import { describe, expect, it } from 'vitest';
import { clockProblem } from '../src/step-clock/clock/clock-problem.js';
import { expectedSteps, readClock, startState } from '../src/step-clock/clock/clock-state.js';
import { decodeContext } from '../src/step-clock/rows/decode-context.js';
import { emptyShares, sharePrefills } from '../src/step-clock/rows/prefill-sharing.js';
import { traceColumns } from '../src/step-clock/trace/trace-columns.js';
import { type FourBetas, KV } from './cluster-rows.js';
import { sum } from './estimate-parts.js';
import { decode, type ListedPhase, prefill, problemOf, twoRequests } from './phase-list.js';

describe('the clock of the first round', () => {
  it('runs evenly: each component where its first node lies, in mean steps', () => {
    const problem = problemOf([decode('A', 0, 8, 4), decode('B', 6, 10, 2), decode('C', 9, 13, 2)]);
    const state = startState(problem);
    expect(problem.meanStepSec).toBe(2);
    expect([...state.real]).toEqual([0, 3, 4.5]);
    expect([state.whole.length, state.clock.length, state.steps.length]).toEqual([3, 6, 5]);
    expect([state.context.length, state.shares.tokens.length, state.expected.length]).toEqual([5, 5, 5]);
    expect(state.weight.length).toBe(5);
  });
});

describe('readClock', () => {
  const problem = problemOf(twoRequests);
  it('reads the count at every node off the offsets, and the steps between them', () => {
    const state = startState(problem);
    // Components: the start, A's decode from 2, B's decode from 5.
    expect(readClock(problem, Float64Array.of(0, 2, 4.5), state)).toBe(0);
    expect([...state.clock]).toEqual([0, 2, 4.5, 8, 8.5]);
    expect([...state.steps]).toEqual([2, 2.5, 3.5, 0.5]);
  });

  it('holds what would run backwards at zero, and counts it', () => {
    const state = startState(problem);
    expect(readClock(problem, Float64Array.of(3, 2, 9, 0), state)).toBe(2);
    expect([...state.clock]).toEqual([3, 2, 9, 8, 13]);
    expect([...state.steps]).toEqual([0, 7, 0, 5]);
    // No step at all is not backwards.
    expect(readClock(problem, Float64Array.of(2, 2, 4), state)).toBe(0);
    expect([...state.steps]).toEqual([0, 2, 4, 0]);
  });

  it('gives idle segments no steps, wherever the clock stands after them', () => {
    const idle = problemOf([decode('A', 0, 2, 2), decode('B', 10, 13, 3)]);
    const state = startState(idle);
    expect(readClock(idle, Float64Array.of(5, 0), state)).toBe(0);
    expect([...state.steps]).toEqual([2, 0, 3]);
  });
});

describe('expectedSteps', () => {
  const problem = problemOf(twoRequests);
  const at = (tokens: number[], unsure: number[], context: number[], beta: FourBetas) => {
    const state = startState(problem);
    state.shares.tokens.set(tokens);
    state.shares.unsure.set(unsure);
    state.context.set(context);
    expectedSteps(problem, state, dividedCost(KV, beta), 0.2, 0.1);
    return state;
  };

  it('is the time without prefill tokens over the time of a step that decodes', () => {
    // Step times 0.5 + 0.25 n + 0.001 c: 0.5, 0.8, 1.25, 1; prefill time 1, 0.6, 0, 0 of 2, 3, 3, 1 s.
    const { expected, weight } = at([100, 60, 0, 0], [0, 0, 0, 0], [0, 50, 250, 250], [0.5, 0.01, 0.25, 0.001]);
    expect(expected).toAgree([1 / 0.5, 2.4 / 0.8, 3 / 1.25, 1], 1e-14);
    // Variance: sigma^2 a step, and (tau beta1 P / step)^2 on top.
    expect(weight).toAgree(
      [1 / (0.04 * 2 + (0.1 / 0.5) ** 2), 1 / (0.04 * 3 + (0.06 / 0.8) ** 2), 1 / (0.04 * 2.4), 1 / (0.04 * 1)],
      1e-13,
    );
  });

  it('doubts by half of the tokens that may belong next door', () => {
    const { weight } = at([100, 60, 0, 0], [0, 20, 0, 0], [0, 0, 0, 0], [0.5, 0.01, 0.25, 0]);
    const doubt = (0.01 * (0.5 * 20 + 0.1 * 60)) / 0.75;
    expect(weight[1]).toAgree(1 / (0.04 * (2.4 / 0.75) + doubt ** 2), 1e-13);
  });

  it('is at least one where a segment lasts as long as a step, for nodes are ends of steps; not where counts gave way', () => {
    const costs: FourBetas = [0.5, 0.01, 0.25, 0];
    const much = [1e4, 0, 0, 0];
    expect(at(much, [0, 0, 0, 0], [0, 0, 0, 0], costs).expected[0]).toBe(1);
    const late = { ...problem, punctual: false };
    const state = startState(late);
    state.shares.tokens.set(much);
    expectedSteps(late, state, dividedCost(KV, costs), 0.2, 0.1);
    expect(state.expected[0]).toAgree(0.2, 1e-14);
  });

  it('is at least a tenth of an even clock, and as uncertain as a twentieth of a step', () => {
    const { expected } = at([1e4, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [4, 0.01, 0.25, 0]);
    expect(expected[0]).toAgree(0.2, 1e-14);
    const short = problemOf([decode('A', 0, 10, 10), decode('B', 5, 9, 4), decode('C', 1, 5.3, 4)]);
    const state = startState(short);
    // Steps of 5 s: three tenths of a second are 0.06 of one, twice a tenth of the even clock's.
    expectedSteps(short, state, dividedCost(KV, [5, 0, 0, 0]), 0.2, 0);
    const e = [...short.graph.segment].indexOf(2);
    expect(state.expected[e]).toAgree(0.06, 1e-12);
    expect(state.weight[e]).toAgree(1 / (0.04 * 0.06), 1e-12);
  });

  it('takes the even clock at its own pace', () => {
    const slow = problemOf([decode('A', 0, 8, 4), decode('B', 6, 10, 2), decode('C', 9, 13, 2)]);
    const state = startState(slow);
    expectedSteps(slow, state, dividedCost(KV, [0, 0, 0, 0]), 0.2, 0);
    expect(slow.meanStepSec).toBe(2);
    expect(state.expected).toAgree([0.3, 0.1, 0.05, 0.05, 0.15], 1e-14);
  });

  it('falls back to a tenth of the even clock where a step would take no time', () => {
    const { expected, weight } = at([100, 60, 0, 0], [5, 5, 5, 5], [0, 0, 0, 0], [0, 0.01, 0, 0]);
    expect(expected).toAgree([0.2, 0.3, 0.3, 0.1], 1e-14);
    expect(weight).toAgree([1 / 0.008, 1 / 0.012, 1 / 0.012, 1 / 0.004], 1e-13);
  });
});

describe('sharePrefills', () => {
  const shared = (list: readonly ListedPhase[], steps: number[]) => {
    const { frame, columns } = problemOf(list);
    const shares = emptyShares(frame.segmentSec.length);
    sharePrefills(frame, columns.prefills, Float64Array.from(steps), shares);
    return shares;
  };
  // Nodes 0 4 6 7 10 11: the prefill begins three quarters into the first segment.
  const spanning = [decode('A', 0, 10, 10), prefill('C', 3, 7, 60), decode('B', 4, 6, 2), decode('C', 7, 11, 4)];

  it('shares in proportion to the steps, of the first segment only those after the start', () => {
    const { tokens, unsure } = shared(spanning, [4, 2, 1, 3, 1]);
    // A quarter of 4 steps, 2 and 1: 15 tokens a step.
    expect(tokens).toAgree([15, 30, 15, 0, 0], 1e-14, 1e-13);
    expect(unsure).toAgree([15, 30, 15, 0, 0], 1e-14, 1e-13);
  });

  it('is sure of a prefill inside one segment, however few the steps', () => {
    const { tokens, unsure } = shared(twoRequests, [2, 0, 3, 1]);
    expect([...tokens]).toEqual([100, 60, 0, 0]);
    expect([...unsure]).toEqual([0, 0, 0, 0]);
  });

  it('shares evenly among segments without steps: a thousandth of a step each', () => {
    const { tokens } = shared(spanning, [0, 0, 0, 3, 1]);
    expect(tokens).toAgree([60 * (0.25 / 2.25), 60 / 2.25, 60 / 2.25, 0, 0], 1e-12, 1e-12);
    expect(shared(spanning, [0, 1, 0, 3, 1]).tokens).toAgree(
      [0.00025, 1, 0.001, 0, 0].map((k) => (60 * k) / 1.00125),
      1e-12,
      1e-12,
    );
  });

  it('adds up prefills that run together, and forgets what was there before', () => {
    const list = [...spanning, prefill('D', 6.5, 10, 40), prefill('E', 9, 10, 8)];
    const { frame, columns } = problemOf(list);
    const shares = { tokens: new Float64Array(5).fill(7), unsure: new Float64Array(5).fill(7) };
    sharePrefills(frame, columns.prefills, Float64Array.of(4, 2, 1, 3, 1), shares);
    // D: half of a step and 3.
    expect(shares.tokens).toAgree([15, 30, 15 + 40 / 7, 240 / 7 + 8, 0], 1e-13, 1e-13);
    expect(shares.unsure).toAgree([15, 30, 15 + 40 / 7, 240 / 7, 0], 1e-13, 1e-13);
  });

  it('tokens in are tokens out, whatever the steps', () => {
    const { phases } = runScenario('folded', { seed: 5, requests: 60 });
    const { frame, columns } = clockProblem(traceColumns(phases));
    const steps = frame.segmentSec.map((dt, j) => (j % 5 === 0 ? 0 : dt * 100));
    const shares = emptyShares(steps.length);
    sharePrefills(frame, columns.prefills, steps, shares);
    expect(sum(shares.tokens)).toAgree(sum(columns.prefills.tokens), 1e-10);
    expect(shares.tokens.every((p) => p >= 0)).toBe(true);
    expect(shares.unsure.every((u, j) => u <= shares.tokens[j] * (1 + 1e-9) + 1e-9)).toBe(true);
  });
});

describe('decodeContext', () => {
  const { frame, columns } = problemOf(twoRequests);
  const context = (pressing: number[] | undefined, steps = [2, 3, 3, 1], before = 0) => {
    const clock = Float64Array.of(0, 2, 5, 8, 9);
    const into = new Float64Array(4).fill(before);
    decodeContext(
      frame,
      columns.decodes,
      pressing && Float64Array.from(pressing),
      clock,
      Float64Array.from(steps),
      into,
    );
    return [...into];
  };

  it('is prompt and output so far, in the mean over the steps of a segment', () => {
    // A has 100 tokens at K = 2 and one more each step; B 60 at K = 5.
    // Steps 3 to 5 see 100, 101, 102; 6 to 8 see 103 + 60, 104 + 61, 105 + 62; step 9 sees B's 63.
    expect(context(undefined)).toEqual([0, 101, 165, 63]);
    expect(context([1, 1])).toEqual([0, 101, 165, 63]);
  });

  it('overwrites, and takes a segment of no whole step as its first one', () => {
    expect(context(undefined, [0, 0.5, 0, 0], 99)).toEqual([0, 100, 163, 63]);
  });

  it('counts and grows by the share of the steps that a preempted decode took part in', () => {
    // B with one half: 30 at K = 5, and a quarter more each step.
    expect(context([1, 0.5])).toAgree([0, 101, 104 + 30.25, 30.75], 1e-14);
    // A with one half: 50, and a quarter more each step, until it ends.
    expect(context([0.5, 1])).toAgree([0, 50.25, 51 + 61, 63], 1e-14);
  });

  it('is the mean context of the true steps of a simulated engine', () => {
    const { phases, steps } = runScenario('kv', { seed: 2, requests: 40 });
    const problem = clockProblem(traceColumns(phases));
    const { frame: f, columns: c } = problem;
    // The true clock: steps that ended by each node.
    const origin = Math.min(...phases.startSec);
    const ends = Array.from(steps.startSec, (s, i) => s + steps.durationSec[i] - origin);
    const clock = f.nodeSec.map((t) => ends.filter((end) => end < t + 1e-7).length);
    const k = f.segmentSec.map((_, j) => clock[j + 1] - clock[j]);
    const into = new Float64Array(k.length);
    decodeContext(f, c.decodes, undefined, clock, k, into);
    let checked = 0;
    for (let j = 0; j < k.length; j++) {
      if (k[j] === 0 || f.decodes[j] === 0) continue;
      let seen = 0;
      for (let i = clock[j]; i < clock[j + 1]; i++) seen += steps.contextTokens[i];
      expect(into[j]).toAgree(seen / k[j], 1e-9);
      checked++;
    }
    expect(checked).toBeGreaterThan(50);
  });
});
