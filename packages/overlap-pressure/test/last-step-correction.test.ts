import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { type LastSteps, lastStepCorrection, lastSteps } from '../src/last-step-correction.js';
import { type PrefixSums, prefixSum, sumBetween } from '../src/prefix-sum.js';
import { type TimeGrid, timeGrid } from '../src/time-grid.js';

/** Phases from one whole second to another, and a decode a second from 0 on, so that every second is a boundary. */
const gridOf = (seconds: number, phases: readonly (readonly [start: number, end: number])[]): TimeGrid => {
  const all = [...phases, ...Array.from({ length: seconds }, (_, i) => [i, i + 1] as const)];
  return timeGrid(
    Float64Array.from(all, ([start]) => start),
    Float64Array.from(all, ([, end]) => end),
  );
};

const passedIn = ({ startIndex, endIndex }: TimeGrid, running: PrefixSums): Float64Array =>
  Float64Array.from(startIndex, (start, i) => sumBetween(running, start, endIndex[i]));

/** Steps of one phase alone with a window of its last `passed / steps` steps, by walking back from its end. */
const walkedBack = (grid: TimeGrid, i: number, missing: number, steps: number, onSegment: Float64Array): number[] => {
  const perStep = Array.from(onSegment, () => 0);
  const start = grid.startIndex[i];
  const end = grid.endIndex[i];
  const window = onSegment.subarray(start, end).reduce((a, b) => a + b, 0) / Math.max(steps, 1);
  let left = window;
  for (let j = end - 1; j >= start && left > 0; j--) {
    const here = Math.min(left, onSegment[j]);
    perStep[j] = ((missing / window) * here) / onSegment[j];
    left -= here;
  }
  return perStep;
};

describe('lastSteps', () => {
  it('takes the phases that lack tokens and have steps, those of one step first, each in the order of the rows', () => {
    const grid = gridOf(9, [
      [0, 4],
      [1, 3],
      [2, 9],
      [0, 9],
      [5, 6],
      [3, 8],
    ]);
    const missing = Float64Array.of(5, 6, 0, 7, 8, 9);
    const steps = Float64Array.of(2, 1, 3, 0.5, 0, 1.5);
    expect(lastSteps(grid, missing, steps)).toEqual({
      length: 4,
      wholes: 2,
      row: Uint32Array.of(1, 3, 0, 5),
      startIndex: Uint32Array.of(1, 0, 0, 3),
      endIndex: Uint32Array.of(3, 9, 4, 8),
      missing: Float64Array.of(6, 7, 5, 9),
      steps: Float64Array.of(1, 0.5, 2, 1.5),
      // The last segment of each phase.
      hint: Uint32Array.of(2, 8, 3, 7),
    });
  });
});

describe('lastStepCorrection', () => {
  it('spreads what is missing over the last L / N steps; on the cut segment as a rate over all of it', () => {
    const grid = gridOf(4, [[0, 4]]);
    const onSegment = Float64Array.of(1, 2, 3, 4);
    const running = prefixSum(onSegment);
    const correction = (steps: number) => {
      const last = lastSteps(grid, Float64Array.of(10), Float64Array.of(steps));
      return [...lastStepCorrection(last, passedIn(grid, running), onSegment, running)];
    };
    // L = 10. N = 1: all of it, 1 a step. N = 2: 5 steps, 2 a step, the last 4 and one of three. N = 2.5: the last 4 exactly.
    expect(correction(1)).toAgree([1, 1, 1, 1], 1e-15);
    expect(correction(0.25)).toAgree([1, 1, 1, 1], 1e-15);
    expect(correction(2)).toAgree([0, 0, 2 / 3, 2], 1e-15, 1e-15);
    expect(correction(2.5)).toAgree([0, 0, 0, 2.5], 1e-15, 1e-15);
    expect(correction(5)).toAgree([0, 0, 0, 2.5], 1e-15, 1e-15);
    expect(correction(10 / 9)).toAgree([0, 10 / 9, 10 / 9, 10 / 9], 1e-14, 1e-14);
  });

  it('adds up where phases overlap, and overwrites the array that it is given', () => {
    const grid = gridOf(6, [
      [0, 4],
      [2, 6],
      [1, 3],
    ]);
    const onSegment = Float64Array.of(1, 1, 1, 1, 2, 2);
    const running = prefixSum(onSegment);
    const last = lastSteps(grid, Float64Array.of(8, 6, 4), Float64Array.of(4, 2, 1));
    const passed = passedIn(grid, running);
    // 8 on the last step of four; 6 on the last three of six; 4 on the two of the third phase.
    const want = [0, 2, 2, 8, 1, 2];
    expect(lastStepCorrection(last, passed, onSegment, running)).toAgree(want, 1e-15, 1e-15);
    const into = new Float64Array(9).fill(77);
    const got = lastStepCorrection(last, passed, onSegment, running, into);
    expect(got).toAgree(want, 1e-15, 1e-15);
    expect(got.length).toBe(6);
    expect(got.buffer).toBe(into.buffer);
  });

  it('finds every window of every phase from every place that the search may begin at', () => {
    const onSegment = Float64Array.of(3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9);
    const running = prefixSum(onSegment);
    for (const [from, to] of [
      [0, 15],
      [0, 9],
      [4, 15],
      [6, 7],
      [3, 5],
    ] as const) {
      const grid = gridOf(15, [[from, to]]);
      const passed = passedIn(grid, running);
      for (const steps of [1.01, 1.5, 2, 3, 4, 7, 10, 24, 1000]) {
        const want = walkedBack(grid, 0, 12, steps, onSegment);
        const last = lastSteps(grid, Float64Array.of(12), Float64Array.of(steps));
        for (let hint = from; hint < to; hint++) {
          last.hint[0] = hint;
          expect(lastStepCorrection(last, passed, onSegment, running)).toAgree(want, 1e-13, 1e-13);
          // It is remembered: enough remains from there, and not after it.
          const window = passed[0] / steps;
          const found = last.hint[0];
          expect(sumBetween(running, found, to)).toBeGreaterThanOrEqual(window);
          expect(sumBetween(running, found + 1, to)).toBeLessThanOrEqual(window);
        }
      }
    }
  });

  /** Running sums that count how often they are asked. */
  const counted = (running: PrefixSums) => {
    const asked = { times: 0 };
    const sums: PrefixSums = {
      get pairs() {
        asked.times++;
        return running.pairs;
      },
    };
    return { asked, sums };
  };

  it('asks for one sum a phase where the windows stand, and for two or so a doubling of the way they have gone', () => {
    const seconds = 5000;
    const grid = gridOf(seconds, [[0, seconds]]);
    const onSegment = new Float64Array(seconds).fill(1);
    const running = prefixSum(onSegment);
    const passed = passedIn(grid, running);
    const search = (last: LastSteps): number => {
      const { asked, sums } = counted(running);
      lastStepCorrection(last, passed, onSegment, sums);
      return asked.times;
    };
    for (const window of [1.5, 100.5, 2500.5, 4990.5]) {
      const last = lastSteps(grid, Float64Array.of(1), Float64Array.of(seconds / window));
      const found = seconds - Math.ceil(window);
      for (const way of [1, 2, 3, 10, 60, 1000, 2400]) {
        for (const hint of [found - way, found + way]) {
          if (hint < 0 || hint >= seconds) continue;
          last.hint[0] = hint;
          // Looking at the place, going there in doubled strides, halving the last stride, looking again.
          expect(search(last)).toBeLessThanOrEqual(2 + 2 * Math.ceil(Math.log2(way + 1)) + 2);
          expect(last.hint[0]).toBe(found);
          expect(search(last)).toBe(1);
        }
      }
    }
  });
});
