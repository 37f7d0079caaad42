import type { ClockProblem } from './clock-problem.js';
import type { LooseClock } from './loose-counts.js';

/** Beyond this many steps more than it counts, a decode is stretched: it was preempted in between. */
export const STRETCHED = 0.5;

/** How decodes press, given how many steps beyond their counts passed meanwhile. */
export interface Pressing {
  /** Share of the steps between its ends that each decode took part in. */
  readonly pressing: Float64Array;
  /** n_j, decodes counted by these shares. */
  readonly decodes: Float64Array;
  /** 1 for the segments under a stretched decode. */
  readonly touched: Uint8Array;
}

export const presence = ({ frame, columns }: ClockProblem, loose: LooseClock, slack: Float64Array): Pressing => {
  const { steps } = columns.decodes;
  const segments = frame.segmentSec.length;
  const pressing = new Float64Array(steps.length).fill(1);
  const absent = new Float64Array(segments + 1);
  const stretched = new Int32Array(segments + 1);
  for (let q = 0; q < loose.decodes.length; q++) {
    const s = slack[q];
    if (!(s > STRETCHED)) continue;
    const i = loose.decodes[q];
    const share = s / (s + steps[i]);
    pressing[i] = 1 - share;
    const a = frame.decodeStart[i];
    const b = frame.decodeEnd[i];
    absent[a] = absent[a] + share;
    absent[b] = absent[b] - share;
    stretched[a] = stretched[a] + 1;
    stretched[b] = stretched[b] - 1;
  }
  const decodes = new Float64Array(segments);
  const touched = new Uint8Array(segments);
  let away = 0;
  let count = 0;
  for (let j = 0; j < segments; j++) {
    away += absent[j];
    count += stretched[j];
    decodes[j] = Math.max(0, frame.decodes[j] - (count > 0 ? away : 0));
    touched[j] = count > 0 ? 1 : 0;
  }
  return { pressing, decodes, touched };
};

/** Adds what stretched decodes must have computed again: prompt and half of the output once each, spread over their steps. */
export const addRecomputed = (
  { frame, columns }: ClockProblem,
  loose: LooseClock,
  slack: Float64Array,
  steps: Float64Array,
  tokens: Float64Array,
): void => {
  const { decodes } = columns;
  const perStep = new Float64Array(tokens.length + 1);
  for (let q = 0; q < loose.decodes.length; q++) {
    const s = slack[q];
    const i = loose.decodes[q];
    const count = decodes.steps[i];
    const context = decodes.context[i];
    if (!(s > STRETCHED) || Number.isNaN(context)) continue;
    const rate = (context + count / 2) / (count + s);
    perStep[frame.decodeStart[i]] = perStep[frame.decodeStart[i]] + rate;
    perStep[frame.decodeEnd[i]] = perStep[frame.decodeEnd[i]] - rate;
  }
  let rate = 0;
  for (let j = 0; j < tokens.length; j++) {
    rate += perStep[j];
    tokens[j] = tokens[j] + Math.max(0, rate) * steps[j];
  }
};
