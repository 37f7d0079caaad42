import type { ClockFrame } from './clock-frame.js';
import type { Decodes } from './trace-columns.js';

/**
 * Mean KV tokens read by the decodes in a step of each segment: a decode r that began at K(start_r) with c_r tokens has
 * `c_r + K(t) - K(start_r)` of them at K(t). A segment of k steps begins with the sum over its decodes and adds one token a
 * decode and step, so its mean step has `n (k - 1) / 2` more.
 *
 * @param clock K by node
 */
export const decodeContext = (
  frame: ClockFrame,
  decodes: Decodes,
  clock: Float64Array,
  steps: Float64Array,
  context: Float64Array,
): void => {
  const { decodeStart, decodeEnd } = frame;
  const change = new Float64Array(frame.nodeSec.length);
  for (let i = 0; i < decodes.length; i++) {
    const s = decodeStart[i] as number;
    const e = decodeEnd[i] as number;
    const c = (decodes.context[i] as number) - (clock[s] as number);
    change[s] = (change[s] as number) + c;
    change[e] = (change[e] as number) - c;
  }
  let sum = 0;
  for (let j = 0; j < context.length; j++) {
    sum += change[j] as number;
    const n = frame.decodes[j] as number;
    const within = Math.max(0, (steps[j] as number) - 1) / 2;
    context[j] = n > 0 ? Math.max(0, sum + n * ((clock[j] as number) + within)) : 0;
  }
};
