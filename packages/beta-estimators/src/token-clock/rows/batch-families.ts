import { CURVE_TERMS, capturedBatchTerms, type Term, termsNamed } from '@stepclock/step-cost';
import type { ClockedSteps } from '../clocked-steps.js';
import { tableOfRows } from './rows-of-steps.js';
import type { StepRows } from './step-rows.js';
import { fitWithoutStalls, holdsUnseenWork } from './trusted-rows.js';

const PREFILL_STEP = termsNamed(['prefill_step']);

/** Beside a family of the batch `beta0` and `beta2` say less than alone: it must explain so much of what they leave of blocks held out. */
const LEAST_GAIN = 1 / 3;

/** Terms, and the fixed cost of prefill and the families of the batch (its curve, captured batches) that explain much of what the terms leave. */
export function withBatchFamilies(clocked: ClockedSteps, rows: StepRows, terms: readonly Term[]): readonly Term[] {
  const most = clocked.steps.decodeSeqs.reduce((max, n) => Math.max(max, n), 0);
  // First the one of one term: captured batches, whose steps hold no prefill, explain it as well, with another beta0.
  const families = [...PREFILL_STEP, ...CURVE_TERMS, ...capturedBatchTerms()].filter(
    ({ batches }) => (batches?.[0] ?? 0) < most,
  );
  const table = tableOfRows(clocked, rows, [...terms, ...families]);
  const { of } = fitWithoutStalls(table, holdsUnseenWork(clocked), { choice: 'auto', leastGain: LEAST_GAIN });
  return of.map((t) => table.terms[t]);
}
