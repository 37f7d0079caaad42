import { sortedOrder } from '@stepclock/overlap-pressure';
import { bisectLeft } from 'd3-array';
import type { ClockProblem } from './clock-problem.js';

/** The rate that a quarter of the decodes exceed: preemption slows many, nothing speeds one up. */
const UPPER_QUARTILE = 0.75;

/** First guess of k by segment where counts cannot be believed: at the upper quartile of its decodes' rates `N / T`: the preempted ones look slow, so the fast ones are right. */
export const commonRate = ({ frame, columns, meanStepSec }: ClockProblem): Float64Array => {
  const { decodeStart, decodeEnd, segmentSec, busy } = frame;
  const { decodes } = columns;
  const rate = Float64Array.from(
    { length: decodes.length },
    (_, i) => decodes.steps[i] / (decodes.endSec[i] - decodes.startSec[i]),
  );
  const whole = (i: number): boolean => decodes.cut[i] === 0;
  const starts = sortedOrder(Float64Array.from(decodeStart)).filter(whole);
  const ends = sortedOrder(Float64Array.from(decodeEnd)).filter(whole);
  const active: number[] = [];
  const expected = new Float64Array(segmentSec.length);
  let s = 0;
  let e = 0;
  for (let j = 0; j < segmentSec.length; j++) {
    for (; e < ends.length && decodeEnd[ends[e]] <= j; e++) {
      active.splice(bisectLeft(active, rate[ends[e]]), 1);
    }
    for (; s < starts.length && decodeStart[starts[s]] <= j; s++) {
      const r = rate[starts[s]];
      active.splice(bisectLeft(active, r), 0, r);
    }
    const perSec = active[Math.floor(UPPER_QUARTILE * active.length)] ?? 1 / meanStepSec;
    expected[j] = busy[j] === 1 ? segmentSec[j] * perSec : 0;
  }
  return expected;
};
