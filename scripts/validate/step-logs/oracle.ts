import { type Betas, rowsOf, type StretchColumns, termsNamed } from '@stepclock/step-cost';
import { leastSquares } from './least-squares.js';
import type { SimulatedLog } from './simulated-step-logs.js';

/** Least squares of a simulated log by what no fit can know: which steps stall, and the true times that make the weights (1 / seconds, as ours). */
export const oracle = ({ steps, truth, trueSec, stalls }: SimulatedLog): Betas => {
  const stretches: StretchColumns = {
    ...steps,
    steps: new Float64Array(steps.length).fill(1),
    decodeSeqs: steps.decodeTokens,
    prefillSteps: steps.prefillTokens.map((tokens) => (tokens > 0 ? 1 : 0)),
  };
  const { terms, sums } = rowsOf(stretches, steps.durationSec, termsNamed(Object.keys(truth)));
  const root = trueSec.map((sec, i) => (stalls[i] === 1 ? 0 : 1 / Math.sqrt(sec)));
  const weighted = (column: Float64Array): Float64Array => column.map((value, i) => root[i] * value);
  const found = leastSquares(sums.map(weighted), weighted(steps.durationSec));
  return Object.fromEntries(terms.map(({ label }, t) => [label, found[t] ?? 0]));
};
