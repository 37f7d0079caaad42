import { fitRows, type RowTable, stretchReader, type Term } from '@stepclock/step-cost';
import type { ClockedSteps } from '../clocked-steps.js';
import { START } from '../steps/step-starts.js';
import { lateBoundaries } from './late-boundaries.js';
import { type RowLength, rowLength } from './row-length.js';
import { stretchesOfSteps, tableOfRows } from './rows-of-steps.js';
import { stalledRows } from './stalls.js';
import { type StepRows, soundEnds, stepRows } from './step-rows.js';

/** Rows that the token times can be trusted with. */
export interface TrustedRows {
  readonly rows: StepRows;
  readonly length: RowLength;
  /** By how much each step's end is late at least, s. */
  readonly lateSec: Float64Array;
  /** What each step should last by the rough fit, s. */
  readonly fittedSec: Float64Array;
}

/** Steps a row while ends are told apart, and rounds of that. */
const ROUGH_STEPS = 8;
const ROUNDS = 4;
/** No step is taken to be shorter, s. */
const SHORTEST_SEC = 1e-5;

/** Cuts rows at ends that can be trusted, as long as the jitter asks: a rough fit tells which ends are late, and how much noise there is. */
export function trustedRows(clocked: ClockedSteps, terms: readonly Term[]): TrustedRows {
  const { steps, starts } = clocked;
  const follows = Uint8Array.from(starts.kind, (kind) => (kind === START.FOLLOWS ? 1 : 0));
  let lateSec: Float64Array = new Float64Array(steps.length);
  let fittedSec: Float64Array = new Float64Array(steps.length);
  for (let round = 0; round < ROUNDS; round++) {
    const rows = stepRows(clocked, soundEnds(clocked, lateSec), ROUGH_STEPS);
    if (rows.length === 0) return { rows, length: { steps: 1, latenessSec: 0, stepNoiseSec: 0 }, lateSec, fittedSec };
    fittedSec = fittedSteps(clocked, tableOfRows(clocked, rows, terms));
    lateSec = lateBoundaries(steps.endSec, fittedSec, follows);
  }
  const sound = soundEnds(clocked, lateSec);
  const residual = Float64Array.from({ length: steps.length }, (_, k) =>
    k > 0 && follows[k] === 1 && sound[k] === 1 && sound[k - 1] === 1
      ? steps.endSec[k] - steps.endSec[k - 1] - fittedSec[k]
      : Number.NaN,
  );
  const length = rowLength(residual);
  return { rows: stepRows(clocked, sound, length.steps), length, lateSec, fittedSec };
}

/** What each step should last by a fit of rows, stalls apart. */
function fittedSteps(clocked: ClockedSteps, table: RowTable): Float64Array {
  const { coefficients } = fitWithoutStalls(table);
  const stretches = stretchesOfSteps(clocked, new Float64Array(clocked.steps.length));
  const read = stretchReader(stretches);
  const { terms } = table;
  return Float64Array.from({ length: stretches.length }, (_, k) => {
    const stretch = read(k);
    return Math.max(
      terms.reduce((sec, term, t) => sec + coefficients[t] * term.sum(stretch), 0),
      SHORTEST_SEC,
    );
  });
}

/** Fits that put stalled rows apart, and the fit of the rest. */
const STALL_ROUNDS = 3;

/** The fit of the rows that are no stalls, and which are. */
export function fitWithoutStalls(table: RowTable, options: Parameters<typeof fitRows>[1] = {}) {
  let stalled: Uint8Array = new Uint8Array(table.length);
  let fit = fitRows(table, options);
  let kept = table;
  for (let round = 0; round < STALL_ROUNDS; round++) {
    const now = stalledRows(table, fit.coefficients);
    if (now.every((is, i) => is === stalled[i])) break;
    stalled = now;
    kept = rowsWithout(table, stalled);
    fit = fitRows(kept, options);
  }
  return { ...fit, rows: kept, stalled };
}

function rowsWithout({ seconds, steps, terms, sums }: RowTable, out: Uint8Array): RowTable {
  const keep = (column: Float64Array): Float64Array => column.filter((_, i) => out[i] === 0);
  const kept = keep(seconds);
  return { length: kept.length, seconds: kept, steps: keep(steps), terms, sums: sums.map(keep) };
}
