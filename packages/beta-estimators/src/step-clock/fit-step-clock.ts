import type { PhaseTable } from '@stepclock/trace-io';
import { checkedProblem } from './checked-problem.js';
import { type ChosenFit, chosenFit } from './chosen-fit.js';
import { clockProblem } from './clock-problem.js';
import { fitClock } from './fit-clock.js';
import { fittedWindows, MOST_PHASES, sampleWindows } from './sample-windows.js';
import type { ResolvedStepClockOptions } from './step-clock-options.js';
import { traceColumns, WHOLE_TRACE } from './trace-columns.js';

/** A sample need not be fitted more finely than the whole trace will be. */
const SAMPLE_TOL = 5e-4;
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

/** Fits the clock: on a sample first where the trace is long, both models where the choice is open. */
const freshFit = (
  phases: PhaseTable,
  { model, window, tol, maxOuterIters }: ResolvedStepClockOptions,
  onProgress: ((share: number) => void) | undefined,
  most: number,
): TraceFit => {
  const within = window ?? WHOLE_TRACE;
  const windows = sampleWindows(phases, within);
  const all = fittedWindows(phases, within, most);
  const fittedFirst = windows ?? all;
  const first = checkedProblem(phases, fittedFirst);
  const settings = { tol: windows === undefined ? tol : Math.max(tol, SAMPLE_TOL), maxRounds: maxOuterIters };
  const chosen = chosenFit(first, model, settings);
  onProgress?.(windows === undefined ? 0.9 : 0.3);
  // Where counts give way the sample stands: the loose clock is not made for a million phases.
  if (windows === undefined || chosen.stretched.length > 0) return { ...chosen, stretches: fittedFirst.length };

  const problem = clockProblem(traceColumns(phases, all));
  onProgress?.(0.5);
  const sampled = chosen.fit.rounds.at(-1);
  const fit = fitClock(problem, {
    width: chosen.width,
    tol: Math.max(tol, FULL_TOL),
    maxRounds: Math.min(maxOuterIters, FULL_ROUNDS),
    ...(sampled && { from: sampled, mayRound: sampled.whole }),
  });
  onProgress?.(0.9);
  const whole = { ...fit, rounds: [...chosen.fit.rounds, ...fit.rounds] };
  return { ...chosen, problem, fit: whole, exact: whole, stretches: all.length };
};
