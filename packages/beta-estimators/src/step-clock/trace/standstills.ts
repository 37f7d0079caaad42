import { quantileOf } from '@stepclock/numerics';
import type { TimeGrid } from '@stepclock/overlap-pressure';
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
 * @param grid of these rows
 * @param paceSec median time of a token, s
 */
export const standstills = (
  phases: PhaseTable,
  rows: Uint32Array,
  grid: TimeGrid,
  paceSec: number,
): readonly Standstill[] => {
  const { kind, startSec, endSec } = phases;
  const stepsOf = stepsOfRows(phases);
  const { timesSec, startIndex, endIndex } = grid;
  // By boundary: by how many decodes more are active from it on, and whether a token comes there: a prefill ends with one as well.
  const change = new Int32Array(timesSec.length);
  const moves = new Uint8Array(timesSec.length);
  for (let q = 0; q < rows.length; q++) {
    moves[endIndex[q]] = 1;
    if (kind[rows[q]] !== DECODE) continue;
    moves[startIndex[q]] = 1;
    change[startIndex[q]]++;
    change[endIndex[q]]--;
  }
  const quiet: { readonly atSec: number; readonly seconds: number }[] = [];
  for (let b = 0, active = 0, at = Number.NaN; b < timesSec.length; b++) {
    if (moves[b] === 0) continue;
    const seconds = timesSec[b] - at;
    if (seconds > LEAST_STEPS * paceSec && active >= LEAST_DECODES) quiet.push({ atSec: at, seconds });
    at = timesSec[b];
    active += change[b];
  }
  const longest = quiet.sort((a, b) => b.seconds - a.seconds).slice(0, MOST);
  return longest
    .flatMap(({ atSec, seconds }): readonly Standstill[] => {
      const over = rows.filter((i) => kind[i] === DECODE && startSec[i] <= atSec && endSec[i] > atSec);
      const lost = quantileOf(
        Float64Array.from(over, (i) => endSec[i] - startSec[i] - stepsOf(i) * paceSec),
        QUARTER,
      );
      const stood = lost > STOOD[0] * seconds && lost < STOOD[1] * seconds;
      return stood ? [{ atSec, seconds, decodes: over.length }] : [];
    })
    .sort((a, b) => a.atSec - b.atSec);
};
