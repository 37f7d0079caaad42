import type { PhaseTable } from '@stepclock/trace-io';
import { SUSPICIOUS } from '../fit/give-way.js';
import type { ResolvedStepClockOptions } from '../fit/step-clock-options.js';
import type { WindowVisitors } from '../fit/trace-fit.js';
import { countedResidual, fitWithPrompts, type OffsetFit } from './fit-with-prompts.js';

/** A fit, and what the trace tells of the engine's budget where nobody did. */
export interface BudgetFit extends OffsetFit {
  /** Tokens a step, and the residual without a budget and with this one, relative to a step; absent where none was looked for or found. */
  readonly budget?: { readonly tokens: number; readonly rmsWithout: number; readonly rms: number };
}

/** Budgets that engines are run with, tokens a step. */
const BUDGETS = [16_384, 8192, 4096, 2048, 1024, 512];
/** They are tried on so many requests of a long trace, and for so many rounds: clocks under a wrong one go on for long. */
const TRIED_REQUESTS = 1000;
const TRIED_ROUNDS = 10;
/** A budget is believed below this part of the residual without one; that a told one does not tell where prompts lie, below this part of that with it. */
const CLEARLY_LESS = { found: 0.5, given: 0.6 } as const;

/**
 * Fits a trace. Where the clock is suspect, usual budgets are tried if none was told, and the one that leaves least is kept where that is clearly
 * less: without one, nothing tells where in a long wait a prompt was computed. Beside a told one, which need not be all that a scheduler obeys, it is
 * tried to share prompts evenly over their wait.
 */
export const fitWithBudget = (
  phases: PhaseTable,
  options: ResolvedStepClockOptions,
  onProgress?: (share: number) => void,
  visitors?: WindowVisitors,
): BudgetFit => {
  const fit = fitWithPrompts(phases, options, onProgress, visitors);
  const { countedRms: rmsWithout } = fit;
  if (!(rmsWithout > SUSPICIOUS)) return fit;
  const isTold = options.maxNumBatchedTokens !== null;
  const clearly = CLEARLY_LESS[isTold ? 'given' : 'found'] * rmsWithout;
  const part = { ...options, window: middle(phases, options), maxOuterIters: TRIED_ROUNDS };
  let least = Math.min(SUSPICIOUS, clearly);
  let tokens: number | null | undefined;
  for (const maxNumBatchedTokens of isTold ? [null] : BUDGETS) {
    const rms = countedResidual(phases, { ...part, maxNumBatchedTokens });
    if (!(rms < least)) continue;
    least = rms;
    tokens = maxNumBatchedTokens;
  }
  if (tokens === undefined) return fit;
  const other = fitWithPrompts(phases, { ...options, maxNumBatchedTokens: tokens }, onProgress, visitors);
  // The last fit is the one that visitors keep.
  if (!(other.countedRms < clearly)) return fitWithPrompts(phases, options, onProgress, visitors);
  return tokens === null ? other : { ...other, budget: { tokens, rmsWithout, rms: other.countedRms } };
};

/** Where a long trace's budgets are tried: in its middle. */
const middle = ({ startSec }: PhaseTable, { window }: ResolvedStepClockOptions): ResolvedStepClockOptions['window'] => {
  const [from, to] = window ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const starts = startSec.filter((sec) => sec >= from && sec <= to).sort();
  const phases = 2 * TRIED_REQUESTS;
  if (starts.length <= phases) return window;
  const first = (starts.length - phases) >> 1;
  return [starts[first], starts[first + phases]];
};
