import { selectQuantile } from '@stepclock/numerics';
import { type TimeGrid, timeGrid } from '@stepclock/overlap-pressure';
import { DECODE, type PhaseTable } from '@stepclock/trace-io';
import { type OddRow, oddRows, stepsOfRows } from './odd-rows.js';
import { type Standstill, standstills } from './standstills.js';
import { LEAST_SEC, MOST_SEC, wholeParts } from './trace-columns.js';

/** A trace without the few rows and moments that cannot be right. */
export interface MendedTrace {
  readonly phases: PhaseTable;
  readonly oddRows: readonly OddRow[];
  readonly standstills: readonly Standstill[];
  /** Rows that take no part, and decodes whose counts say nothing: they press until their expected ends, where the clock is cut. */
  readonly left: ReadonlySet<number>;
  readonly uncounted: ReadonlySet<number>;
  /** Moments, on the mended clock, at which a standstill was taken out. */
  readonly cutsSec: readonly number[];
}

/** Looks for rows that outlast what others say by far, and for moments at which the clock was set forward, engine by engine. */
export const mendedTrace = (phases: PhaseTable): MendedTrace => {
  const cutOff = cutRows(phases);
  if (!isMeasured(phases)) return asGiven(phases, cutOff);
  const odd: OddRow[] = [];
  const still: Standstill[] = [];
  const startSec = phases.startSec.slice();
  const endSec = phases.endSec.slice();
  const cutsSec: number[] = [];
  const stepsOf = stepsOfRows(phases);
  for (const { rows } of wholeParts(phases)) {
    const paces = new Float64Array(rows.length);
    let paced = 0;
    for (const i of rows) {
      const steps = phases.kind[i] === DECODE && !cutOff.has(i) ? stepsOf(i) : 0;
      const pace = steps > 0 ? (phases.endSec[i] - phases.startSec[i]) / steps : Number.NaN;
      if (pace > 0) paces[paced++] = pace;
    }
    if (paced === 0) continue;
    const paceSec = selectQuantile(paces.subarray(0, paced), 0.5);
    const grid = gridOf(phases, rows);
    const stood = standstills(phases, rows, grid, paceSec);
    let taken = 0;
    for (const { atSec, seconds } of stood) {
      // A step of it stays, so that what ended right after it does not end before.
      const outSec = seconds - paceSec;
      for (const i of rows) {
        if (phases.startSec[i] > atSec) startSec[i] -= Math.min(outSec, phases.startSec[i] - atSec);
        if (phases.endSec[i] > atSec) endSec[i] -= Math.min(outSec, phases.endSec[i] - atSec);
      }
      cutsSec.push(atSec - taken);
      taken += outSec;
    }
    still.push(...stood);
    const moved = { ...phases, startSec, endSec };
    // Far from zero, what is short may lose its length to rounding.
    if (stood.length > 0 && !isMeasured(moved)) return asGiven(phases, cutOff);
    odd.push(
      ...(stood.length === 0
        ? oddRows(phases, rows, grid, paceSec)
        : oddRows(moved, rows, gridOf(moved, rows), paceSec)),
    );
  }
  const strays = new Set(odd.flatMap(({ kind, row }) => (kind === 'prefill' ? [phases.request[row]] : [])));
  const left = new Set<number>();
  if (strays.size > 0) for (let i = 0; i < phases.length; i++) if (strays.has(phases.request[i])) left.add(i);
  const uncounted = new Set(cutOff);
  for (const { row, kind, expectedSec } of odd) {
    if (kind !== 'decode' || left.has(row) || cutOff.has(row)) continue;
    uncounted.add(row);
    endSec[row] = startSec[row] + expectedSec;
  }
  if (odd.length + still.length === 0) return asGiven(phases, cutOff);
  return {
    phases: { ...phases, startSec, endSec },
    oddRows: odd,
    standstills: still,
    left,
    uncounted,
    cutsSec,
  };
};

const gridOf = (phases: PhaseTable, rows: Uint32Array): TimeGrid => {
  const startSec = new Float64Array(rows.length);
  const endSec = new Float64Array(rows.length);
  for (let q = 0; q < rows.length; q++) {
    startSec[q] = phases.startSec[rows[q]];
    endSec[q] = phases.endSec[rows[q]];
  }
  return timeGrid(startSec, endSec);
};

/** Rows of requests that were cut off. */
const cutRows = ({ cut }: PhaseTable): ReadonlySet<number> => {
  const rows = new Set<number>();
  cut?.forEach((is, row) => {
    if (is === 1) rows.add(row);
  });
  return rows;
};

const asGiven = (phases: PhaseTable, uncounted: ReadonlySet<number>): MendedTrace => ({
  phases,
  oddRows: [],
  standstills: [],
  left: new Set(),
  uncounted,
  cutsSec: [],
});

/** Whether every phase has a length that a sum over the trace can hold; what has not is refused later on. */
const isMeasured = ({ length, startSec, endSec }: PhaseTable): boolean => {
  for (let i = 0; i < length; i++) {
    const sec = endSec[i] - startSec[i];
    if (!(sec >= LEAST_SEC && sec <= MOST_SEC && Math.abs(startSec[i]) <= MOST_SEC)) return false;
  }
  return true;
};
