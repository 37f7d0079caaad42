import type { StepColumns } from '../step-columns.js';

/** Some of a log's steps, by their rows. */
export const takenSteps = (steps: StepColumns, rows: Uint32Array): StepColumns => {
  const taken = (column: Float64Array): Float64Array => Float64Array.from(rows, (i) => column[i]);
  const optional = (column: Float64Array | undefined) => (column === undefined ? undefined : taken(column));
  return {
    length: rows.length,
    durationSec: taken(steps.durationSec),
    prefillTokens: taken(steps.prefillTokens),
    decodeTokens: taken(steps.decodeTokens),
    contextTokens: optional(steps.contextTokens),
    prefillRequests: optional(steps.prefillRequests),
    prefillContext: optional(steps.prefillContext),
    steps: optional(steps.steps),
    prefillSteps: optional(steps.prefillSteps),
    startSec: optional(steps.startSec),
    stampSec: optional(steps.stampSec),
  };
};
