import { fault } from './fault.js';
import { sortedOrder } from './sorted-order.js';

/**
 * The sorted distinct boundaries of all phases, and where each phase starts and ends on them. Every signal of a trace is
 * constant on the segments between neighbouring boundaries.
 */
export interface TimeGrid {
  /** Distinct boundaries, ascending, seconds: one more than there are segments. */
  readonly timesSec: Float64Array;
  /** Length of segment j, from `timesSec[j]` to `timesSec[j + 1]`, seconds. */
  readonly segmentSec: Float64Array;
  readonly segmentCount: number;
  /** Phase i covers the segments `startIndex[i] <= j < endIndex[i]`; never empty. */
  readonly startIndex: Uint32Array;
  readonly endIndex: Uint32Array;
}

/**
 * Lays phases on their time grid, in linear time.
 *
 * @param startSec start of each phase, finite
 * @param endSec end of each phase, finite, after the start
 * @throws Fault when there are no phases, lengths differ, or a phase does not end after it starts
 *
 * @example
 * const grid = timeGrid(new Float64Array([0, 1]), new Float64Array([2, 3]));
 * // grid.timesSec => [0, 1, 2, 3]; grid.startIndex => [0, 1]; grid.endIndex => [2, 3]
 */
export const timeGrid = (startSec: Float64Array, endSec: Float64Array): TimeGrid => {
  const n = startSec.length;
  if (endSec.length !== n) {
    const rule = `must be as long as startSec (${n})`;
    throw fault('overlap-pressure/length-mismatch', { what: 'endSec', rule, value: endSec.length });
  }
  if (n === 0) throw fault('overlap-pressure/no-phases', { what: 'phases', rule: 'must be at least one', value: 0 });
  const boundaries = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    const start = startSec[i];
    const end = endSec[i];
    checkPhase(start, end, i);
    boundaries[2 * i] = start;
    boundaries[2 * i + 1] = end;
  }
  // Start and end of a phase side by side: a log in order of time is then nearly sorted.
  const order = sortedOrder(boundaries);
  const indexOf = new Uint32Array(2 * n);
  const times = new Float64Array(2 * n);
  let last = 0;
  times[0] = boundaries[order[0]];
  for (let k = 0; k < order.length; k++) {
    const boundary = order[k];
    const t = boundaries[boundary];
    if (t !== times[last]) times[++last] = t;
    indexOf[boundary] = last;
  }
  const startIndex = new Uint32Array(n);
  const endIndex = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    startIndex[i] = indexOf[2 * i];
    endIndex[i] = indexOf[2 * i + 1];
  }
  const timesSec = times.slice(0, last + 1);
  const segmentSec = new Float64Array(last);
  for (let j = 0; j < last; j++) segmentSec[j] = timesSec[j + 1] - timesSec[j];
  return { timesSec, segmentSec, segmentCount: last, startIndex, endIndex };
};

/** @throws Fault for a phase that is not finite or does not end after it starts */
export const checkPhase = (startSec: number, endSec: number, row: number): void => {
  if (endSec - startSec > 0 && endSec - startSec < Number.POSITIVE_INFINITY) return;
  const rule = `must end at a finite time after its start at ${startSec}`;
  throw fault('overlap-pressure/bad-time', { what: 'phase', rule, value: endSec, row });
};
