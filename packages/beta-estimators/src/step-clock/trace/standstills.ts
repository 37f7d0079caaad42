import { quantileOf } from '@stepclock/numerics';
import { DECODE, type PhaseTable } from '@stepclock/trace-io';
import { stepsOfRows } from './odd-rows.js';

/** A stretch in which nothing moved although decodes were active: the clock was set forward, or the engine stood still. */
export interface Standstill {
  /** Its first moment, on the trace's clock, and its length, s. */
  readonly atSec: number;
  readonly seconds: number;
  /** Decodes that were active. */
  readonly decodes: number;
}

/** No token's first or last fell into so many steps of the median pace, with so many decodes active, ... */
const LEAST_STEPS = 200;
const LEAST_DECODES = 2;
/** ... whose counts say, of three quarters of them, that about this share of the time was no step. Where some went on, others only waited. */
const STOOD = [0.6, 1.5] as const;
const QUARTER = 0.25;
/** Such moments are few: no more are looked at, the longest first. */
const MOST = 20;

/**
 * Finds them among the decodes of one engine.
 *
 * @param rows of one engine, with work to show
 * @param paceSec median time of a token, s
 */
export const standstills = (phases: PhaseTable, rows: Uint32Array, paceSec: number): readonly Standstill[] => {
  const { kind, startSec, endSec } = phases;
  const stepsOf = stepsOfRows(phases);
  const decodes = rows.filter((i) => kind[i] === DECODE);
  const starts = Float64Array.from(decodes, (i) => startSec[i]).sort();
  // A prefill ends with a token as well.
  const ends = Float64Array.from(rows, (i) => endSec[i]).sort();
  const finished = Float64Array.from(decodes, (i) => endSec[i]).sort();
  const quiet: { readonly atSec: number; readonly seconds: number }[] = [];
  for (let s = 0, e = 0, f = 0, at = Number.NaN; s < starts.length || e < ends.length; ) {
    const next = Math.min(starts[s] ?? Number.POSITIVE_INFINITY, ends[e] ?? Number.POSITIVE_INFINITY);
    while (f < finished.length && finished[f] < next) f++;
    if (next - at > LEAST_STEPS * paceSec && s - f >= LEAST_DECODES) quiet.push({ atSec: at, seconds: next - at });
    at = next;
    while (starts[s] === next) s++;
    while (ends[e] === next) e++;
    while (finished[f] === next) f++;
  }
  const longest = quiet.sort((a, b) => b.seconds - a.seconds).slice(0, MOST);
  return longest
    .flatMap(({ atSec, seconds }): readonly Standstill[] => {
      const over = decodes.filter((i) => startSec[i] <= atSec && endSec[i] > atSec);
      const lost = quantileOf(
        Float64Array.from(over, (i) => endSec[i] - startSec[i] - stepsOf(i) * paceSec),
        QUARTER,
      );
      const stood = lost > STOOD[0] * seconds && lost < STOOD[1] * seconds;
      return stood ? [{ atSec, seconds, decodes: over.length }] : [];
    })
    .sort((a, b) => a.atSec - b.atSec);
};
