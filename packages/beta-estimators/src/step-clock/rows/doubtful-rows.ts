import type { RowTable } from '@stepclock/step-cost';
import type { Clusters } from '../trace/clusters.js';

/** With so many rows that nothing doubtful touches, about four a coefficient the others are left out. */
const ENOUGH_ROWS = 30;
const LEAST_STEPS = 0.3;

/** A row that took next to no step tells nothing of a step's time. */
const hasSteps = (rows: RowTable, i: number): boolean => rows.steps[i] > LEAST_STEPS;

/** Rows with a doubtful segment. */
export const touchedRows = ({ length, ofSegment }: Clusters, doubtful: Uint8Array): Uint8Array => {
  const rows = new Uint8Array(length);
  for (let j = 0; j < doubtful.length; j++) {
    const c = ofSegment[j];
    if (c >= 0 && doubtful[j] === 1) rows[c] = 1;
  }
  return rows;
};

/** How many rows with steps nothing doubtful touches. */
const untouchedRows = (rows: RowTable, touched: Uint8Array): number => {
  let untouched = 0;
  for (let i = 0; i < rows.length; i++) if (touched[i] === 0 && hasSteps(rows, i)) untouched++;
  return untouched;
};

/** Whether enough rows stay to regress on when the touched ones are left out. */
export const enoughUntouched = (rows: RowTable, touched: Uint8Array): boolean =>
  untouchedRows(rows, touched) >= ENOUGH_ROWS;

/** Weights of the rows that took steps, and only of the untouched ones where these are enough. */
export const undoubted = (rows: RowTable, weights: Float64Array, touched: Uint8Array): Float64Array => {
  const strict = enoughUntouched(rows, touched);
  return weights.map((w, i) => ((strict && touched[i] === 1) || !hasSteps(rows, i) ? 0 : w));
};
