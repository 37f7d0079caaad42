import type { ClockFrame } from './clock-frame.js';
import type { Prefills } from './trace-columns.js';

/** Where the tokens of the prefills were processed, as far as it is known. */
export interface PrefillShares {
  /** P_j: prefill tokens of each segment. */
  readonly tokens: Float64Array;
  /** How many of them may as well belong to a neighbouring segment. */
  readonly unsure: Float64Array;
}

export const emptyShares = (segments: number): PrefillShares => ({
  tokens: new Float64Array(segments),
  unsure: new Float64Array(segments),
});

/** A segment without steps still takes this many when its tokens are shared out: a share of nothing would be no number. */
const LEAST_STEPS = 1e-3;

/** Shares every P over the phase in proportion to the steps: sums over sweeps, linear time. */
export const sharePrefills = (
  frame: ClockFrame,
  prefills: Prefills,
  steps: Float64Array,
  shares: PrefillShares,
): void => {
  const { prefillSegment, prefillOffset, prefillEnd } = frame;
  const { tokens, unsure } = shares;
  const segments = steps.length;
  const clock = new Float64Array(segments + 1);
  for (let j = 0; j < segments; j++) clock[j + 1] = clock[j] + Math.max(steps[j], LEAST_STEPS);
  tokens.fill(0);
  unsure.fill(0);
  const rate = new Float64Array(segments + 1);
  for (let i = 0; i < prefills.length; i++) {
    const a = prefillSegment[i];
    const b = prefillEnd[i];
    const inFirst = (clock[a + 1] - clock[a]) * (1 - prefillOffset[i]);
    const further = clock[b] - clock[a + 1];
    // A prefill within one segment needs no sharing, however little of the segment it covers.
    if (!(further > 0)) {
      tokens[a] = tokens[a] + prefills.tokens[i];
      continue;
    }
    const perStep = prefills.tokens[i] / (inFirst + further);
    tokens[a] = tokens[a] + perStep * inFirst;
    rate[a + 1] = rate[a + 1] + perStep;
    rate[b] = rate[b] - perStep;
    unsure[a] = unsure[a] + perStep * inFirst;
  }
  let r = 0;
  for (let j = 0; j < segments; j++) {
    r += rate[j];
    const k = clock[j + 1] - clock[j];
    // The running sums are differences: what should be zero may come out as a rounding error below it.
    const shared = Math.max(r, 0) * k;
    tokens[j] = tokens[j] + shared;
    unsure[j] = unsure[j] + shared;
  }
};
