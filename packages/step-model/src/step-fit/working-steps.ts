import { Fault } from '@stepclock/faults';
import type { StretchColumns, Term } from '@stepclock/step-cost';
import type { StepColumns } from '../step-columns.js';

/** Rows with work in them, and of a duration, of which all is told; an engine may log iterations in which it did nothing. */
export interface WorkingRows {
  readonly rows: Uint32Array;
  /** Rows without a token. */
  readonly empty: number;
  /** Rows with tokens and no time: under async scheduling a line tells how long the engine waited for a step. */
  readonly untimed: number;
  /** Rows that lack what the log tells of most. */
  readonly incomplete: number;
}

/** Facts that a log may tell of some of its steps only. */
const OPTIONAL_FACTS = ['contextTokens', 'prefillRequests', 'prefillContext'] as const;

const countOfHoles = (column: Float64Array): number =>
  column.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0);

/** A log without the facts that half of its steps or more lack: it does not tell them. */
export const withKnownFacts = (steps: StepColumns): StepColumns => {
  const lacking = OPTIONAL_FACTS.filter((fact) => {
    const column = steps[fact];
    return column !== undefined && 2 * countOfHoles(column) >= Math.max(steps.length, 1);
  });
  return lacking.length === 0 ? steps : { ...steps, ...Object.fromEntries(lacking.map((fact) => [fact, undefined])) };
};

/** Whether a log tells all that some terms ask of its steps. */
export const tellsAll = (steps: StepColumns, terms: readonly Term[]): boolean =>
  OPTIONAL_FACTS.every((fact) => steps[fact] !== undefined || !terms.some(({ needs }) => needs.includes(fact)));

/** @throws Fault `step-model/bad-step` */
export const workingRows = (steps: StepColumns): WorkingRows => {
  const rows = new Uint32Array(steps.length);
  let count = 0;
  let empty = 0;
  let untimed = 0;
  let incomplete = 0;
  const gappy = OPTIONAL_FACTS.map((fact) => steps[fact]).filter((column) => column?.some(Number.isNaN));
  for (let i = 0; i < steps.length; i++) {
    if (!(steps.prefillTokens[i] + steps.decodeTokens[i] > 0)) {
      empty++;
      continue;
    }
    const value = steps.durationSec[i];
    if (value === 0) {
      untimed++;
      continue;
    }
    if (!(value > 0 && value < Infinity)) {
      const rule = 'must be a number of seconds above 0';
      throw new Fault('step-model/bad-step', { what: 'duration of a step', rule, value, row: i });
    }
    if (gappy.some((column) => Number.isNaN(column?.[i]))) incomplete++;
    else rows[count++] = i;
  }
  return { rows: rows.subarray(0, count), empty, untimed, incomplete };
};

/** The columns of some rows as stretches. A row of several steps holds their mean batch and context. */
export const stretchesOf = (steps: StepColumns, rows: Uint32Array): StretchColumns => {
  const taken = (column: Float64Array): Float64Array => {
    const part = new Float64Array(rows.length);
    for (let k = 0; k < rows.length; k++) part[k] = column[rows[k]];
    return part;
  };
  const optional = (column: Float64Array | undefined) => (column === undefined ? undefined : taken(column));
  const prefillTokens = taken(steps.prefillTokens);
  const ofSteps = optional(steps.steps);
  return {
    length: rows.length,
    steps: ofSteps ?? new Float64Array(rows.length).fill(1),
    decodeSeqs: taken(steps.decodeTokens),
    contextTokens: optional(steps.contextTokens),
    prefillTokens,
    prefillSteps: optional(steps.prefillSteps) ?? prefillTokens.map((p) => (p > 0 ? 1 : 0)),
    prefillRequests: optional(steps.prefillRequests),
    prefillContext: optional(steps.prefillContext),
  };
};
