import type { Term } from '@stepclock/step-cost';
import type { ClockFrame } from '../trace/clock-frame.js';
import type { Decodes } from '../trace/trace-columns.js';

/** Whether some term reads the context of decodes. */
export const readsContext = (terms: readonly Term[]): boolean =>
  terms.some(({ needs }) => needs.includes('contextTokens'));

/**
 * Mean KV tokens read by the decodes in a step of each segment: a decode r that began at K(start_r) with c_r tokens has
 * `c_r + K(t) - K(start_r)` of them at K(t). A segment of k steps begins with the sum over its decodes and adds one token a
 * decode and step, so its mean step has `n (k - 1) / 2` more. A decode that takes part in a share p of the steps counts by p
 * and grows by p a step.
 *
 * @param pressing p by decode; undefined where all are 1
 * @param clock K by node
 * @param context result by segment
 */
export const decodeContext = (
  frame: ClockFrame,
  decodes: Decodes,
  pressing: Float64Array | undefined,
  clock: Float64Array,
  steps: Float64Array,
  context: Float64Array,
): void => {
  const { decodeStart, decodeEnd } = frame;
  // The sum over the active decodes is a line in K: its constant and its slope change at nodes.
  const constant = new Float64Array(frame.nodeSec.length);
  const slope = new Float64Array(frame.nodeSec.length);
  for (let i = 0; i < decodes.length; i++) {
    const s = decodeStart[i];
    const e = decodeEnd[i];
    const p = pressing === undefined ? 1 : pressing[i];
    const c = p * (decodes.context[i] - p * clock[s]);
    constant[s] = constant[s] + c;
    constant[e] = constant[e] - c;
    slope[s] = slope[s] + p * p;
    slope[e] = slope[e] - p * p;
  }
  let sum = 0;
  let perStep = 0;
  for (let j = 0; j < context.length; j++) {
    sum += constant[j];
    perStep += slope[j];
    const within = Math.max(0, steps[j] - 1) / 2;
    context[j] = frame.decodes[j] > 0 ? Math.max(0, sum + perStep * (clock[j] + within)) : 0;
  }
};
