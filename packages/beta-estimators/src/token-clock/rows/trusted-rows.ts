import { fitRows, type RowTable, stretchReader, type Term } from '@stepclock/step-cost';
import type { ClockedSteps } from '../clocked-steps.js';
import { START } from '../steps/step-starts.js';
import { contradictingRows } from './contradicting-rows.js';
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
  const { coefficients } = fitWithoutStalls(table, holdsUnseenWork(clocked));
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

/** Whether steps may hold work that no token shows: after a preemption prompts are begun, given up and begun again. */
export const holdsUnseenWork = ({ steps }: ClockedSteps): boolean => steps.resumptions.length > 0;

/** Fits that put rows apart, at most. */
const APART_ROUNDS = 8;

/**
 * The fit of the rows that are no stalls and hold the steps that they seem to, and which rows those are not.
 *
 * @param unseenWork whether steps may hold work that no token shows
 */
export function fitWithoutStalls(table: RowTable, unseenWork: boolean, options: Parameters<typeof fitRows>[1] = {}) {
  let stalled: Uint8Array = new Uint8Array(table.length);
  let contradicting: Uint8Array = new Uint8Array(table.length);
  const asked = { choice: 'all', ...options } as const;
  let fit = fitRows(table, asked);
  let kept = table;
  for (let round = 0; round < APART_ROUNDS; round++) {
    const stalledNow = stalledRows(table, fit.coefficients);
    const contradictingNow = contradictingRows(table, fit.coefficients, stalledNow, unseenWork);
    if (same(stalledNow, stalled) && same(contradictingNow, contradicting)) break;
    stalled = stalledNow;
    contradicting = contradictingNow;
    kept = rowsWithout(
      table,
      stalled.map((is, i) => is | contradicting[i]),
    );
    fit = fitRows(kept, asked);
  }
  return { ...fit, rows: kept, stalled, contradicting };
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.every((is, i) => is === b[i]);

function rowsWithout({ seconds, steps, terms, sums }: RowTable, out: Uint8Array): RowTable {
  const keep = (column: Float64Array): Float64Array => column.filter((_, i) => out[i] === 0);
  const kept = keep(seconds);
  return { length: kept.length, seconds: kept, steps: keep(steps), terms, sums: sums.map(keep) };
}
