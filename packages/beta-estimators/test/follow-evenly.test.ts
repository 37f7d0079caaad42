import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { startState } from '../src/step-clock/clock/clock-state.js';
import { followEvenly } from '../src/step-clock/clock/follow-evenly.js';
import { type FourBetas, KV, LINEAR } from './cluster-rows.js';
import { decode, type ListedPhase, prefill, problemOf, twoRequests } from './phase-list.js';

const followed = (list: readonly ListedPhase[], beta: FourBetas, withContext = false) => {
  const problem = problemOf(list);
  const state = startState(problem);
  const terms = withContext ? KV : LINEAR;
  followEvenly(
    problem,
    state,
    terms,
    Float64Array.from(terms, (_, t) => beta[t]),
  );
  return state;
};

/** Half a second a step, 1 ms a prefill token, 0.1 s a decode. */
const BETA: FourBetas = [0.5, 1e-3, 0.1, 0];

describe('followEvenly', () => {
  it('takes as many steps as the time holds at the number of decodes, and none where nothing is active', () => {
    // One decode for 4 s, two for 6, nothing for 5, one for 5.
    const { steps, clock } = followed([decode('A', 0, 10, 20), decode('B', 4, 10, 10), decode('C', 15, 20, 10)], BETA);
    const wanted = [4 / 0.6, 6 / 0.7, 0, 5 / 0.6];
    expect(steps).toAgree(wanted, 1e-14);
    expect(clock).toAgree(
      [0, 1, 2, 3, 4].map((node) => wanted.slice(0, node).reduce((sum, k) => sum + k, 0)),
      1e-13,
    );
  });

  it('takes the time of the prefill tokens off first', () => {
    const { steps, shares, context } = followed(twoRequests, BETA);
    expect(shares.tokens).toAgree([100, 60, 0, 0], 1e-13);
    expect(steps).toAgree([(2 - 0.1) / 0.5, (3 - 0.06) / 0.6, 3 / 0.7, 1 / 0.6], 1e-14);
    expect([...context]).toEqual([0, 0, 0, 0]);
  });

  it('leaves one step where the tokens would have taken longer than there was time', () => {
    // A hundred tokens of 0.1 s in two seconds.
    const { steps } = followed([prefill('A', 0, 2, 100), decode('A', 2, 10, 16)], [0.5, 0.1, 0.1, 0]);
    expect(steps).toAgree([1, 8 / 0.6], 1e-14);
  });

  it('spreads a prefill over its segments by their time, then by the steps that this leaves', () => {
    // C prefills from 3 to 8: 3 s of the segment from 2 to 6, and the 2 s to 8, in which two decode.
    const { steps, shares } = followed(
      [
        prefill('A', 0, 2, 100),
        decode('A', 2, 10, 8),
        decode('B', 6, 10, 4),
        prefill('C', 3, 8, 50),
        decode('C', 8, 10, 2),
      ],
      BETA,
    );
    const byTime = [(4 - 0.03) / 0.6, (2 - 0.02) / 0.7] as const;
    const first = (50 * 0.75 * byTime[0]) / (0.75 * byTime[0] + byTime[1]);
    expect(shares.tokens).toAgree([100, first, 50 - first, 0], 1e-12);
    expect(steps).toAgree([1.9 / 0.5, (4 - 1e-3 * first) / 0.6, (2 - 1e-3 * (50 - first)) / 0.7, 2 / 0.8], 1e-13);
  });

  it('reads the context that the decodes have gathered by then', () => {
    const { steps, context } = followed(twoRequests, [0.5, 1e-3, 0.1, 1e-3], true);
    // Of an even clock, a step a second: A has 100 tokens and 1 more on the mean of three steps; then A and B 103, 60 and 2 more; B 63.
    const even = [(2 - 0.1) / 0.5, (3 - 0.06) / (0.6 + 0.101), 3 / (0.7 + 0.165), 1 / (0.6 + 0.063)] as const;
    const wanted = [
      0,
      100 + (even[1] - 1) / 2,
      100 + even[1] + 60 + (even[2] - 1),
      60 + even[2] + (even[3] - 1) / 2,
    ] as const;
    expect(context).toAgree(wanted, 1e-12);
    expect(steps).toAgree(
      [1.9 / 0.5, 2.94 / (0.6 + 1e-3 * wanted[1]), 3 / (0.7 + 1e-3 * wanted[2]), 1 / (0.6 + 1e-3 * wanted[3])],
      1e-12,
    );
  });

  it('stays even where a step would take no time', () => {
    const { steps } = followed([prefill('A', 0, 2, 100), decode('A', 2, 10, 16)], [0, 1e-3, 0, 0]);
    expect(steps).toAgree([4, 16], 1e-14);
  });
});
