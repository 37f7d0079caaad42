import { type ClockProblem, clockProblem } from '../clock/clock-problem.js';
import { type FitSettings, fitClock } from './fit-clock.js';

/** A residual (relative to a step) by count convention: decodes of N - 1, N and N + 1 steps. */
export interface Conventions {
  readonly minusOne: number;
  readonly asGiven: number;
  readonly plusOne: number;
}

/** Above this residual, relative to a step, other conventions are tried: what steps vary by is mostly less, and counts that are off leave more. */
export const TRIED = 0.03;
/** Another convention wins when it leaves less than this share of the residual: twice as good. */
const WINS = 0.5;
/** And it must describe the trace: half of a residual that is beyond all measure tells nothing. */
const DESCRIBES = 0.4;

/** The convention that wins over the trace's own, and what it leaves; undefined where none does. */
export const winningConvention = (
  conventions: Conventions | null,
): { readonly fewer: boolean; readonly residual: number } | undefined => {
  if (conventions === null) return undefined;
  const { minusOne, asGiven, plusOne } = conventions;
  const residual = Math.min(minusOne, plusOne);
  return residual < WINS * asGiven && residual < DESCRIBES ? { fewer: minusOne < plusOne, residual } : undefined;
};

/** A convention that wins twice over shows within these. */
const TRIAL_ROUNDS = 10;

/** What other conventions leave of a window's residual. */
export const triedConventions = (problem: ClockProblem, settings: FitSettings): Conventions => {
  const { columns } = problem;
  const residualWith = (by: number): number => {
    const steps = columns.decodes.steps.map((n) => Math.max(0, n + by));
    const other = clockProblem({ ...columns, decodes: { ...columns.decodes, steps } }, problem);
    const fit = fitClock(other, { ...settings, maxRounds: Math.min(settings.maxRounds, TRIAL_ROUNDS) });
    return fit.rounds.at(-1)?.noise.rms ?? 0;
  };
  return { minusOne: residualWith(-1), asGiven: residualWith(0), plusOne: residualWith(1) };
};
