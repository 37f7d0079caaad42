import '@stepclock/vitest-matchers';
import { runScenario } from '@stepclock/engine-sim';
import { describe, expect, it } from 'vitest';
import { clockProblem } from '../src/step-clock/clock/clock-problem.js';
import { OVERHEAD } from '../src/step-clock/fit/cost-columns.js';
import { placePrefills } from '../src/step-clock/rows/placed-prefills.js';
import { emptyShares, sharePrefills } from '../src/step-clock/rows/prefill-sharing.js';
import { traceColumns } from '../src/step-clock/trace/trace-columns.js';
import { LINEAR } from './cluster-rows.js';
import { decode, type ListedPhase, prefill, tableOf } from './phase-list.js';

/** A second a step, 10 ms a prefill token; 100 tokens a step, one of them the decode's. */
const COST = Float64Array.of(1, 0.01, 0);
const placed = (list: readonly ListedPhase[], steps: readonly number[], lateSec?: number, prefillFirst = false) => {
  const problem = clockProblem(traceColumns(tableOf(list)), { budget: 101, prefillFirst });
  const shares = emptyShares(steps.length, { further: true, prefillFirst });
  const work = { steps: Float64Array.from(steps), context: new Float64Array(steps.length), shares };
  if (lateSec === undefined) placePrefills(problem, work, LINEAR, COST);
  else placePrefills(problem, work, [...LINEAR, OVERHEAD], Float64Array.of(...COST, lateSec));
  return shares;
};
const sum = (column: Float64Array | undefined): number => column?.reduce((a, b) => a + b, 0) ?? Number.NaN;

/** A decodes alone; B ends its prompt at 12, and a second prompt ends at 14, one step later. */
const two = (arrivalOfC: number, endOfC = 14) => [
  decode('A', 0, 20, 14),
  prefill('B', 3, 12, 60),
  decode('B', 12, 20, 7),
  prefill('C', arrivalOfC, endOfC, 90),
  decode('C', endOfC, 20, 6),
];
/** Nodes 0 12 14 20; ten steps before the last one of the first segment, which begins at 10. */
const STEPS = [11, 1, 6];

describe('placePrefills', () => {
  it('however long a prompt waited: its tokens lie in the step that ends it', () => {
    const waiting = [decode('A', 0, 10, 10), decode('B', 0, 6, 6), prefill('C', 1, 8, 80), decode('C', 8, 10, 2)];
    expect([...placed(waiting, [6, 2, 2]).tokens]).toEqual([0, 80, 0]);
  });

  it('a long one takes whole steps, and the last one its rest', () => {
    const long = [decode('A', 0, 10, 10), decode('B', 0, 6, 6), prefill('C', 1, 7, 230), decode('C', 7, 10, 3)];
    const { tokens, unsure, requests } = placed(long, [6, 1, 3]);
    // 99 tokens a step beside two decodes, 100 beside one.
    expect([...tokens]).toEqual([198, 32, 0]);
    expect([...unsure]).toEqual([198, 32, 0]);
    expect(requests).toAgree([198 / 230, 32 / 230, 0], 1e-14);
  });

  it('one that had come takes the room that the one before left in its last step', () => {
    expect([...placed(two(9), STEPS).tokens]).toEqual([100, 50, 0]);
  });

  it('one that came during that step does not', () => {
    expect([...placed(two(11), STEPS).tokens]).toEqual([60, 90, 0]);
  });

  it('a client tells when it sent one, not when it came', () => {
    expect([...placed(two(9), STEPS, 0.5).tokens]).toEqual([100, 50, 0]);
    expect([...placed(two(9), STEPS, 1.5).tokens]).toEqual([60, 90, 0]);
  });

  it('a segment that lasts as long as a step holds one, whatever the clock says so far', () => {
    expect([...placed(two(11.5), [12, 0, 6]).tokens]).toEqual([60, 90, 0]);
  });

  it('chunks of one step that were seen one after the other share its room', () => {
    const split = [
      decode('A', 0, 10, 10),
      prefill('B', 1, 5, 60),
      decode('B', 5, 10, 5),
      prefill('C', 2, 5.1, 30),
      decode('C', 5.1, 10, 5),
    ];
    expect([...placed(split, [5, 0, 5]).tokens]).toEqual([90, 0, 0]);
  });

  it('without a budget, in proportion to the steps', () => {
    const problem = clockProblem(traceColumns(tableOf(two(9))));
    const steps = Float64Array.from(STEPS);
    const [shares, wanted] = [emptyShares(3), emptyShares(3)];
    placePrefills(problem, { steps, context: new Float64Array(3), shares }, LINEAR, COST);
    sharePrefills(problem.frame, problem.columns.prefills, steps, wanted);
    expect(shares).toEqual(wanted);
  });

  it('tokens in are tokens out, and prompts, whatever the steps', () => {
    const { phases } = runScenario('folded', { seed: 5, requests: 60 });
    const problem = clockProblem(traceColumns(phases), { budget: 512, prefillFirst: false });
    const { frame, columns } = problem;
    const steps = frame.segmentSec.map((dt, j) => (j % 5 === 0 ? 0 : dt * 100));
    const shares = emptyShares(steps.length, { further: true });
    placePrefills(problem, { steps, context: new Float64Array(steps.length), shares }, LINEAR, COST);
    expect(sum(shares.tokens)).toAgree(sum(columns.prefills.tokens), 1e-10);
    expect(sum(shares.requests)).toAgree(columns.prefills.length, 1e-10);
    expect(shares.tokens.every((p, j) => p >= 0 && shares.unsure[j] <= p * (1 + 1e-9))).toBe(true);
  });

  describe('of an engine that prefills first', () => {
    const first = (list: readonly ListedPhase[], steps: readonly number[]) => placed(list, steps, undefined, true);
    /** B's step takes 1.6 s and begins at 10.4. */
    it('takes a prompt into the step that ends the one before where it was there, and counts the steps that decodes wait for', () => {
      const { tokens, alone, requests } = first(two(5), [9, 0, 6]);
      expect([...tokens]).toEqual([101, 49, 0]);
      expect([...(alone ?? [])]).toEqual([1, 1, 0]);
      expect([...(requests ?? [])].map((share) => Math.round(share * 90))).toEqual([90 + 41, 49, 0]);
    });

    it('but not where it came later', () => {
      const { tokens, alone } = first(two(11.5), [9, 0, 6]);
      expect([...tokens]).toEqual([60, 90, 0]);
      expect([...(alone ?? [])]).toEqual([1, 1, 0]);
    });

    it('lays a long prompt on as many steps as the budget asks for, however long it waited', () => {
      const waiting = [decode('A', 0, 20, 10), decode('B', 0, 6, 6), prefill('C', 1, 18, 250), decode('C', 18, 20, 2)];
      const { tokens, alone } = first(waiting, [6, 2, 2]);
      expect([...tokens]).toEqual([0, 250, 0]);
      expect([...(alone ?? [])]).toEqual([0, 3, 0]);
    });

    it('takes for one step what a client saw one after the other', () => {
      const { tokens, alone } = first(two(5, 12.5), [9, 0, 6]);
      expect([...tokens]).toEqual([150, 0, 0]);
      expect([...(alone ?? [])]).toEqual([2, 0, 0]);
    });

    it('counts none where nothing decodes', () => {
      const { alone } = first([prefill('A', 0, 3, 150), decode('A', 3, 9, 6)], [2, 6]);
      expect([...(alone ?? [])]).toEqual([0, 0]);
    });
  });
});
