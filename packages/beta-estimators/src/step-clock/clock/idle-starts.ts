import type { ClockFrame } from '../trace/clock-frame.js';
import type { Prefills } from '../trace/trace-columns.js';

/** Where an idle engine begins to prefill, and what is known about it. */
export interface IdleStarts {
  /** 1 for the segments that begin so. */
  readonly segments: Uint8Array;
  /**
   * 1 for those of them whose steps nothing tells: whatever the coefficients lack goes into their count, so that their rows confirm any
   * coefficients.
   */
  readonly uncounted: Uint8Array;
  /** Steps of the prefills that are pinned by the budget: those that an idle engine begins with, if they end first. NaN: not pinned. */
  readonly pinned: Float64Array;
}

/**
 * Prefills on an idle engine. Alone, they take `ceil(P / B)` steps; what comes meanwhile waits for the budget that they leave. A prefill beside
 * decodes is not pinned: with asynchronous scheduling a step is in flight.
 *
 * @param budget B, tokens a step; Infinity where it is not known: then nothing is pinned
 */
export const idleStarts = (frame: ClockFrame, prefills: Prefills, budget: number): IdleStarts => {
  const { busy, whole, decodes, prefillSegment, prefillOffset, prefillEnd } = frame;
  const segments = Uint8Array.from(busy, (is, j) =>
    is === 1 && decodes[j] === 0 && (j === 0 || busy[j - 1] === 0) && whole[j] === 1 ? 1 : 0,
  );
  // Tokens of the prefills that lie in a starting segment as a whole, and whether one of them begins it.
  const tokens = new Float64Array(busy.length);
  const begun = new Uint8Array(busy.length);
  const inside = (i: number): boolean => prefillEnd[i] === prefillSegment[i] + 1 && prefills.cut[i] === 0;
  for (let i = 0; i < prefills.length; i++) {
    const j = prefillSegment[i];
    if (segments[j] === 0 || !inside(i)) continue;
    tokens[j] += prefills.tokens[i];
    if (prefillOffset[i] === 0) begun[j] = 1;
  }
  const pinned = new Float64Array(prefills.length).fill(Number.NaN);
  const uncounted = segments.slice();
  for (let i = 0; i < prefills.length; i++) {
    const j = prefillSegment[i];
    if (segments[j] === 0 || prefillOffset[i] !== 0 || !inside(i)) continue;
    if (prefills.steps[i] > 0) uncounted[j] = 0;
    else if (begun[j] === 1 && budget < Number.POSITIVE_INFINITY) {
      pinned[i] = Math.ceil(tokens[j] / budget);
      uncounted[j] = 0;
    }
  }
  return { segments, uncounted, pinned };
};
