import type { ClockFrame } from '../trace/clock-frame.js';
import type { Prefills } from '../trace/trace-columns.js';

/** Where the work of the prefills was done, as far as it is known: one value a segment. */
export interface PrefillShares {
  /** P_j: prefill tokens. */
  readonly tokens: Float64Array;
  /** How many of them may as well belong to a neighbouring segment. */
  readonly unsure: Float64Array;
  /** Prompts, each counted once in all; kept only where a term asks for them. */
  readonly requests?: Float64Array;
  /** Sum over the tokens of their positions; kept only where a term asks for them. */
  readonly positions?: Float64Array;
  /** Steps that hold prefill alone while decodes wait; kept only where the engine prefills first. */
  readonly alone?: Float64Array;
}

/** A clock, and where the work of the prefills goes. */
export interface Placing {
  readonly steps: Float64Array;
  readonly context: Float64Array;
  readonly shares: PrefillShares;
}

/** Rounding. */
export const ALL = 1 - 1e-9;

export const emptyShares = (segments: number, { further = false, prefillFirst = false } = {}): PrefillShares => ({
  tokens: new Float64Array(segments),
  unsure: new Float64Array(segments),
  ...(further && { requests: new Float64Array(segments), positions: new Float64Array(segments) }),
  ...(prefillFirst && { alone: new Float64Array(segments) }),
});

/** A segment without steps still takes this many when its tokens are shared out: a share of nothing would be no number. */
const LEAST_STEPS = 1e-3;

/** Shares every prefill's work over the phase in proportion to the steps: sums over sweeps, linear time. */
export const sharePrefills = (
  frame: ClockFrame,
  prefills: Prefills,
  steps: Float64Array,
  { tokens, unsure, requests, positions }: PrefillShares,
): void => {
  const clock = new Float64Array(steps.length + 1);
  for (let j = 0; j < steps.length; j++) clock[j + 1] = clock[j] + Math.max(steps[j], LEAST_STEPS);
  unsure.fill(0);
  shareOut(frame, clock, prefills.tokens, tokens, unsure);
  if (requests !== undefined) shareOut(frame, clock, new Float64Array(prefills.length).fill(1), requests);
  if (positions !== undefined) shareOut(frame, clock, sumsOfPositions(prefills), positions);
};

/** By prompt: positions of its computed tokens, from 1, cached ones before them. */
const sumsOfPositions = ({ length, tokens, cached }: Prefills): Float64Array => {
  const sums = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const p = tokens[i];
    sums[i] = p * (cached === undefined ? 0 : cached[i]) + (p * (p + 1)) / 2;
  }
  return sums;
};

const shareOut = (
  { prefillSegment, prefillOffset, prefillEnd }: ClockFrame,
  clock: Float64Array,
  work: Float64Array,
  into: Float64Array,
  unsure?: Float64Array,
): void => {
  const segments = into.length;
  into.fill(0);
  const rate = new Float64Array(segments + 1);
  for (let i = 0; i < prefillSegment.length; i++) {
    const a = prefillSegment[i];
    const b = prefillEnd[i];
    const inFirst = (clock[a + 1] - clock[a]) * (1 - prefillOffset[i]);
    const further = clock[b] - clock[a + 1];
    // A prefill within one segment needs no sharing, however little of the segment it covers.
    if (!(further > 0)) {
      into[a] += work[i];
      continue;
    }
    const perStep = work[i] / (inFirst + further);
    into[a] += perStep * inFirst;
    rate[a + 1] += perStep;
    rate[b] -= perStep;
    if (unsure !== undefined) unsure[a] += perStep * inFirst;
  }
  let r = 0;
  for (let j = 0; j < segments; j++) {
    r += rate[j];
    // The running sums are differences: what should be zero may come out as a rounding error below it.
    if (!(r > 0)) continue;
    const shared = r * (clock[j + 1] - clock[j]);
    into[j] += shared;
    if (unsure !== undefined) unsure[j] += shared;
  }
};

/** Empties the shares; then adds so many tokens of a prompt to a segment. */
export const placer = (
  { tokens, unsure, requests, positions }: PrefillShares,
  prefills: Prefills,
): ((i: number, j: number, amount: number) => void) => {
  for (const column of [tokens, unsure, requests, positions]) column?.fill(0);
  const sums = positions === undefined ? undefined : sumsOfPositions(prefills);
  return (i, j, amount) => {
    const share = amount / prefills.tokens[i];
    tokens[j] += amount;
    if (share < ALL) unsure[j] += amount;
    if (requests !== undefined) requests[j] += share;
    if (positions !== undefined && sums !== undefined) positions[j] += sums[i] * share;
  };
};
