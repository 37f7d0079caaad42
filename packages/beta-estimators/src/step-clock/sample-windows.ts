import { DECODE, type PhaseTable } from '@stepclock/trace-io';
import type { Window } from './trace-columns.js';

const WINDOWS = 4;
/** Decodes a window: at least, and by mean of active decodes, so that the ones that its edges cut are few. */
const LEAST_DECODES = 1500;
const TIMES_ACTIVE = 10;
/** A sample is worth its trouble when the trace is this many times larger. */
const WORTH = 4;

/**
 * A few stretches of a long trace, spread evenly over its decodes, to find the coefficients on before the whole trace is looked
 * at. Undefined for a trace that is fitted as fast itself.
 */
export const sampleWindows = (phases: PhaseTable, within: Window): readonly Window[] | undefined => {
  const [from, to] = within;
  const starts = new Float64Array(phases.length);
  let count = 0;
  let active = 0;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < phases.length; i++) {
    const start = phases.startSec[i] as number;
    const end = phases.endSec[i] as number;
    if (phases.kind[i] !== DECODE || !(start >= from && start < to)) continue;
    starts[count++] = start;
    active += end - start;
    first = Math.min(first, start);
    last = Math.max(last, end);
  }
  const size = Math.max(LEAST_DECODES, Math.ceil((TIMES_ACTIVE * active) / (last - first)));
  if (!(count > WORTH * WINDOWS * size)) return undefined;
  const sorted = starts.subarray(0, count).sort();
  const at = (index: number): number => sorted[index] as number;
  return Array.from({ length: WINDOWS }, (_, w): Window => {
    const middle = Math.floor(((w + 0.5) * count) / WINDOWS);
    return [at(middle - (size >> 1)), at(middle + (size >> 1))];
  });
};
