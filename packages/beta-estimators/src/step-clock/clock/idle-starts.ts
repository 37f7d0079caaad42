import type { ClockFrame } from '../trace/clock-frame.js';
import type { Prefills } from '../trace/trace-columns.js';

/** Where an engine that decodes nothing prefills, and what is known about it. */
export interface IdleStarts {
  /** 1 for the segments in which an idle engine begins. */
  readonly segments: Uint8Array;
  /**
   * 1 for segments without decodes whose steps nothing tells: whatever the coefficients lack goes into their count, so that their rows
   * confirm any coefficients.
   */
  readonly uncounted: Uint8Array;
  /** Steps of the prefills that are pinned by the budget: those that begin such a segment, if they end first. NaN: not pinned. */
  readonly pinned: Float64Array;
}

/**
 * Prefills beside no decode: on an idle engine, or from the step on that ended its last decode. Alone, they take `ceil(P / B)` steps; what comes
 * meanwhile waits for the budget that they leave. A prefill beside decodes is not pinned: with asynchronous scheduling a step is in flight.
 *
 * @param budget B, tokens a step; Infinity where it is not known: then nothing is pinned
 */
export const idleStarts = (frame: ClockFrame, prefills: Prefills, budget: number): IdleStarts => {
  const { busy, whole, decodes, prefillSegment, prefillOffset, prefillEnd } = frame;
  const { length } = busy;
  const segments = new Uint8Array(length);
  const alone = new Uint8Array(length);
  for (let j = 0; j < length; j++) {
    if (busy[j] === 0 || decodes[j] > 0 || whole[j] === 0) continue;
    segments[j] = j === 0 || busy[j - 1] === 0 ? 1 : 0;
    alone[j] = segments[j] === 1 || decodes[j - 1] > 0 ? 1 : 0;
  }
  // Tokens of the prefills that lie in such a segment as a whole, whether one of them begins it, and whether one began before it.
  const tokens = new Float64Array(length);
  const begun = new Uint8Array(length);
  const reachedInto = new Uint8Array(length);
  const inside = (i: number): boolean => prefillEnd[i] === prefillSegment[i] + 1 && prefills.cut[i] === 0;
  for (let i = 0; i < prefills.length; i++) {
    const j = prefillSegment[i];
    for (let later = j + 1; later < prefillEnd[i]; later++) reachedInto[later] = 1;
    if (alone[j] === 0 || !inside(i)) continue;
    tokens[j] += prefills.tokens[i];
    if (prefillOffset[i] === 0) begun[j] = 1;
  }
  const pinned = new Float64Array(prefills.length).fill(Number.NaN);
  const uncounted = alone.slice();
  for (let i = 0; i < prefills.length; i++) {
    const j = prefillSegment[i];
    if (alone[j] === 0 || prefillOffset[i] !== 0 || !inside(i)) continue;
    if (prefills.steps[i] > 0) uncounted[j] = 0;
    else if (begun[j] === 1 && reachedInto[j] === 0 && budget < Number.POSITIVE_INFINITY) {
      pinned[i] = Math.ceil(tokens[j] / budget);
      uncounted[j] = 0;
    }
  }
  return { segments, uncounted, pinned };
};
