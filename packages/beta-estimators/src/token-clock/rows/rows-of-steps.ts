import { knownTerms, type RowTable, rowsOf, type StretchColumns, type Term } from '@stepclock/step-cost';
import type { ClockedSteps } from '../clocked-steps.js';
import type { StepRows } from './step-rows.js';

/** The steps as the cost's terms read them: one stretch a step, with the hidden ones before it. */
export function stretchesOfSteps({ steps, prompts }: ClockedSteps, clientStarts: Float64Array): StretchColumns {
  const { length } = steps;
  const count = Float64Array.from(prompts.hiddenSteps, (hidden) => hidden + 1);
  return {
    length,
    steps: count,
    // Hidden steps hold prefill only: decodes are those of the step that shows.
    decodeSeqs: steps.decodeSeqs.map((n, k) => n / count[k]),
    contextTokens: steps.contextTokens.map((c, k) => c / count[k]),
    prefillTokens: prompts.prefillTokens,
    prefillSteps: Float64Array.from(prompts.prefillTokens, (tokens, k) => (tokens > 0 ? count[k] : 0)),
    prefillRequests: prompts.prefillRequests,
    prefillContext: prompts.prefillContext,
    clientStarts,
  };
}

/** The rows as `step-cost` fits them. Steps outside of every row take no part. */
export function tableOfRows(clocked: ClockedSteps, rows: StepRows, terms: readonly Term[]): RowTable {
  const { length } = clocked.steps;
  const rowOf = new Int32Array(length).fill(-1);
  const secondsOf = new Float64Array(length);
  const clientStarts = new Float64Array(length);
  for (let i = 0; i < rows.length; i++) {
    rowOf.fill(i, rows.from[i], rows.to[i]);
    secondsOf[rows.from[i]] = rows.endSec[i] - rows.startSec[i];
    clientStarts[rows.from[i]] = rows.clientStart[i];
  }
  const stretches = stretchesOfSteps(clocked, clientStarts);
  return rowsOf(stretches, secondsOf, knownTerms(terms, stretches), rowOf, rows.length);
}
