import { EstimatorError } from '../estimator-error.js';
import type { ClockProblem } from './clock-problem.js';
import { clockProblem } from './clock-problem.js';
import { type ClockFit, type FitSettings, fitClock } from './fit-clock.js';
import { contextPays } from './model-choice.js';
import { fitPreempted } from './preempted-clock.js';
import type { Width } from './row-fit.js';
import type { StepClockModel } from './step-clock-options.js';

/** A residual (relative to a step) by count convention: decodes of N - 1, N and N + 1 steps. */
export interface Conventions {
  readonly minusOne: number;
  readonly asGiven: number;
  readonly plusOne: number;
}

/** A fit with the problem it belongs to, and what was tried on the way. */
export interface ChosenFit {
  readonly problem: ClockProblem;
  readonly fit: ClockFit;
  readonly width: Width;
  /** The fit that takes every count for exact: the evidence on whether they are. */
  readonly exact: ClockFit;
  /** Decodes found to be stretched by preemptions; empty where the counts hold. */
  readonly stretched: Int32Array;
  /** Tried only where the counts as given leave a residual. */
  readonly conventions?: Conventions;
}

/** Above this residual, relative to a step, the counts are suspected: steps themselves rarely vary as much. */
export const SUSPICIOUS = 0.1;
/** Preempted decodes are at least this share, and without them the robust residual is below this share of what it was. */
const LEAST_STRETCHED = 0.02;
const MOST_STRETCHED = 0.6;
const CLEARLY_BETTER = 0.5;

/** Fits the model that was asked for, or both and takes the one that cross-validation prefers. */
export const chosenFit = (
  problem: ClockProblem,
  model: StepClockModel,
  settings: Omit<FitSettings, 'width'>,
): ChosenFit => {
  const contextKnown = !problem.columns.decodes.context.some(Number.isNaN);
  if (model === 'kv' && !contextKnown) {
    throw new EstimatorError(
      'beta-estimators/no-context',
      'model: kv needs a prefill row for every decode, to know its context; got decodes without one',
    );
  }
  if (model === 'linear' || !contextKnown) return fitOf(problem, 3, settings);
  const kv = fitOf(problem, 4, settings);
  return model === 'kv' || contextPays(kv.fit.rows, kv.fit.weights) ? kv : fitOf(problem, 3, settings);
};

const fitOf = (problem: ClockProblem, width: Width, settings: Omit<FitSettings, 'width'>): ChosenFit => {
  const exact = fitClock(problem, { ...settings, width });
  const before = lastNoise(exact);
  const plain = { problem, fit: exact, width, exact, stretched: new Int32Array(0) };
  if (!(before.rms > SUSPICIOUS)) return plain;
  const { problem: partly, fit, stretched } = fitPreempted(problem, { ...settings, width });
  const share = stretched.length / Math.max(problem.columns.decodes.length, 1);
  const preempted =
    share >= LEAST_STRETCHED && share <= MOST_STRETCHED && lastNoise(fit).step < CLEARLY_BETTER * before.step;
  if (preempted) return { problem: partly, fit, width, exact, stretched };
  return { ...plain, conventions: triedConventions(problem, width, settings, before.rms) };
};

const lastNoise = ({ rounds }: ClockFit) => rounds.at(-1)?.noise ?? { step: 0, prefill: 0, rms: 0 };

const triedConventions = (
  problem: ClockProblem,
  width: Width,
  settings: Omit<FitSettings, 'width'>,
  asGiven: number,
): Conventions => {
  const shifted = (by: number): number => {
    const { columns } = problem;
    const steps = columns.decodes.steps.map((n) => Math.max(0, n + by));
    const other = clockProblem({ ...columns, decodes: { ...columns.decodes, steps } });
    return lastNoise(fitClock(other, { ...settings, width })).rms;
  };
  return { minusOne: shifted(-1), asGiven, plusOne: shifted(1) };
};
