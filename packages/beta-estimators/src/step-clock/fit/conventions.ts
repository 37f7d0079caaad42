import { type ClockProblem, clockProblem } from '../clock/clock-problem.js';
import { type FitSettings, fitClock } from './fit-clock.js';

/** A residual (relative to a step) by count convention: decodes of N - 1, N and N + 1 steps. */
export interface Conventions {
  readonly minusOne: number;
  readonly asGiven: number;
  readonly plusOne: number;
}

/** A convention that wins twice over shows within these. */
const TRIAL_ROUNDS = 10;

/** What other conventions leave of a window's residual. */
export const triedConventions = ({ columns, ...scheduling }: ClockProblem, settings: FitSettings): Conventions => {
  const residualWith = (by: number): number => {
    const steps = columns.decodes.steps.map((n) => Math.max(0, n + by));
    const other = clockProblem({ ...columns, decodes: { ...columns.decodes, steps } }, scheduling);
    const fit = fitClock(other, { ...settings, maxRounds: Math.min(settings.maxRounds, TRIAL_ROUNDS) });
    return fit.rounds.at(-1)?.noise.rms ?? 0;
  };
  return { minusOne: residualWith(-1), asGiven: residualWith(0), plusOne: residualWith(1) };
};
