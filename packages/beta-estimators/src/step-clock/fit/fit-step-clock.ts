import type { PhaseTable } from '@stepclock/trace-io';
import { checkedProblem } from '../clock/checked-problem.js';
import { clockProblem } from '../clock/clock-problem.js';
import { fittedWindows, MOST_PHASES, sampleWindows } from '../trace/sample-windows.js';
import { traceColumns, WHOLE_TRACE } from '../trace/trace-columns.js';
import { type ChosenFit, chosenFit } from './chosen-fit.js';
import { fitClock } from './fit-clock.js';
import type { ResolvedStepClockOptions } from './step-clock-options.js';

/** A sample need not be fitted more finely than the whole trace will be. */
const SAMPLE_TOL = 5e-4;
/** Of all rounds, so many are for the whole after the sample; at least one each. */
const FULL_ROUNDS = 2;
const FULL_TOL = 1e-3;

/** Fits by the options that asked for them, as long as memory lasts: an estimate's details need not fit a second time. */
const fitted = new WeakMap<
  ResolvedStepClockOptions,
  WeakRef<{ readonly phases: PhaseTable; readonly fit: TraceFit }>
>();

/** A fit, and on how many stretches of the trace: one where it is the whole. */
export interface TraceFit extends ChosenFit {
  readonly stretches: number;
}

/** Fits the clock, or gives the fit that the same phases and options object had before. Of more phases than `most`, stretches are fitted. */
export const fitStepClock = (
  phases: PhaseTable,
  options: ResolvedStepClockOptions,
  onProgress?: (share: number) => void,
  most = MOST_PHASES,
): TraceFit => {
  const before = fitted.get(options)?.deref();
  if (before?.phases === phases) return before.fit;
  const fit = freshFit(phases, options, onProgress, most);
  fitted.set(options, new WeakRef({ phases, fit }));
  return fit;
};

/** Fits the clock: on a sample first where the trace is long. */
const freshFit = (
  phases: PhaseTable,
  options: ResolvedStepClockOptions,
  onProgress: ((share: number) => void) | undefined,
  most: number,
): TraceFit => {
  const { terms, context, window, tol, isDefaultTol, maxOuterIters } = options;
  const within = window ?? WHOLE_TRACE;
  const windows = sampleWindows(phases, within);
  const all = fittedWindows(phases, within, most);
  const fittedFirst = windows ?? all;
  const first = checkedProblem(phases, fittedFirst);
  const budget = options.maxNumBatchedTokens ?? Number.POSITIVE_INFINITY;
  const settings = { terms, budget };
  const sampleTol = windows === undefined || !isDefaultTol ? tol : SAMPLE_TOL;
  const firstRounds = windows === undefined ? maxOuterIters : Math.max(1, maxOuterIters - FULL_ROUNDS);
  const chosen = chosenFit(first, { ...settings, maxRounds: firstRounds, tol: sampleTol }, context);
  onProgress?.(windows === undefined ? 0.9 : 0.3);
  // Where counts give way the sample stands: the loose clock is not made for a million phases.
  if (windows === undefined || chosen.stretched.length > 0) return { ...chosen, stretches: fittedFirst.length };

  const problem = clockProblem(traceColumns(phases, all));
  onProgress?.(0.5);
  const sampled = chosen.fit.rounds.at(-1);
  const left = Math.max(1, maxOuterIters - chosen.fit.rounds.length);
  const fit = fitClock(problem, {
    ...settings,
    terms: chosen.fit.terms,
    tol: isDefaultTol ? FULL_TOL : tol,
    maxRounds: isDefaultTol ? Math.min(left, FULL_ROUNDS) : left,
    ...(sampled && {
      from: { coefficients: sampled.coefficients, known: true, noise: sampled.noise },
      mayRound: sampled.whole,
    }),
  });
  onProgress?.(0.9);
  const whole = { ...fit, rounds: [...chosen.fit.rounds, ...fit.rounds] };
  return { ...chosen, problem, fit: whole, exact: whole, stretches: all.length };
};
