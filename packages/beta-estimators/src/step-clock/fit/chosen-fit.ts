import { Fault } from '@stepclock/faults';
import { fittedSeconds } from '@stepclock/step-cost';
import { type ClockProblem, clockProblem } from '../clock/clock-problem.js';
import type { Noise } from '../rows/noise.js';
import { readsContext } from './exact-policy.js';
import { type ClockFit, type FitSettings, fitClock } from './fit-clock.js';
import { fitPreempted, type PreemptedFit } from './preempted-clock.js';

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
  /** The fit that takes every count for exact: the evidence on whether they are. */
  readonly exact: ClockFit;
  /** Decodes found to be stretched by preemptions; empty where the counts hold. */
  readonly stretched: Int32Array;
  /** Whether counts gave way everywhere, so that no stretch of the clock is exact. */
  readonly loose: boolean;
  /** Tried only where the counts as given leave a residual. */
  readonly conventions?: Conventions;
}

/** Above this residual, relative to a step, the counts are suspected: steps themselves rarely vary as much. */
export const SUSPICIOUS = 0.1;
/** More stretched decodes than this are no preemption: nothing holds together any more. */
const MOST_STRETCHED = 0.6;
/** Many stretched decodes: without them the robust noise falls below this share of what it was. */
const MANY_STRETCHED = 0.02;
const CLEARLY_BETTER = 0.5;
/** Where more than this share gave way and no stretch is left that none of them touches, a mixture looks nearly as good. */
const SOME_STRETCHED = 0.3;
const MUCH_BETTER = 0.2;
/** Stretches that no stretched decode touches, but for outliers among them, meet their time within this part of a step. */
const FITS = 0.2;
/** Few of them: what the fit keeps is fine, and far better than the whole was. */
const FINE = 0.1;
const FAR_BETTER = 0.3;

/** How the context of decodes comes into the cost: asked for, or where the trace tells it and the counts hold. */
export type ContextChoice = 'asked' | 'open';

/** Fits the terms that were asked for; those of the context are left out where the choice is open and nothing tells them. */
export const chosenFit = (problem: ClockProblem, settings: FitSettings, context: ContextChoice): ChosenFit => {
  const known = !problem.columns.decodes.context.some(Number.isNaN);
  const without = settings.terms.filter((term) => !readsContext([term]));
  if (!known && context === 'asked' && readsContext(settings.terms)) {
    throw new Fault('beta-estimators/no-context', {
      what: 'terms',
      rule: 'must not read the context (kv needs a prefill row for every decode) where a decode has no prefill row',
      value: settings.terms.map(({ label }) => label).join(','),
    });
  }
  const asked = known ? settings : { ...settings, terms: without };
  const exact = fitClock(problem, asked);
  const before = lastNoise(exact);
  const plain = { problem, fit: exact, exact, stretched: new Int32Array(0), loose: false };
  if (!(before.rms > SUSPICIOUS)) return plain;
  if (runsBackwards(exact)) {
    const preempted = fitPreempted(problem, asked, context === 'asked' ? asked.terms : without);
    if (isPreemption(problem, exact, preempted)) {
      const { problem: partly, fit, stretched, loose } = preempted;
      return { problem: partly, fit, exact, stretched, loose };
    }
  }
  return { ...plain, conventions: triedConventions(problem, asked, before.rms) };
};

/**
 * Whether preemption is to be suspected of a clock that leaves a residual: counts that are too low by many steps leave no room between their neighbours, and
 * make segments run backwards. Missing requests and counts that are off by one do not.
 */
const runsBackwards = ({ rounds }: ClockFit): boolean => (rounds.at(-1)?.held ?? 0) > 0;

/**
 * Whether giving way helped. A mixture of engines runs backwards as well, and some counts of the one give way to the clock of
 * the other, but that mends nothing: not even the stretches without any such decode then hold what their time says.
 */
export const isPreemption = (
  problem: ClockProblem,
  exact: ClockFit,
  { fit, stretched, loose }: PreemptedFit,
): boolean => {
  const share = stretched.length / Math.max(problem.columns.decodes.length, 1);
  if (!(share > 0 && share <= MOST_STRETCHED)) return false;
  const kept = keptResidual(fit);
  if (!loose && !(kept < FITS)) return false;
  const before = lastNoise(exact);
  const better = loose && share > SOME_STRETCHED ? MUCH_BETTER : CLEARLY_BETTER;
  if (share >= MANY_STRETCHED && lastNoise(fit).step < better * before.step) return true;
  return kept < FINE && kept < FAR_BETTER * before.rms;
};

/** Root mean square residual, relative to a step, of the rows that a robust regression kept. */
const keptResidual = ({ rows, weights, coefficients }: ClockFit): number => {
  let squares = 0;
  let kept = 0;
  for (let i = 0; i < rows.length; i++) {
    if (!(weights[i] > 0)) continue;
    const seconds = fittedSeconds(rows, coefficients, i);
    squares += ((rows.seconds[i] - seconds) / seconds) ** 2 * rows.steps[i];
    kept++;
  }
  return Math.sqrt(squares / Math.max(kept, 1));
};

const lastNoise = ({ rounds }: ClockFit): Pick<Noise, 'step' | 'rms'> => rounds.at(-1)?.noise ?? { step: 0, rms: 0 };

/** A convention that wins twice over shows within these. */
const TRIAL_ROUNDS = 10;

const triedConventions = (problem: ClockProblem, settings: FitSettings, asGiven: number): Conventions => {
  const shifted = (by: number): number => {
    const { columns } = problem;
    const steps = columns.decodes.steps.map((n) => Math.max(0, n + by));
    const other = clockProblem({ ...columns, decodes: { ...columns.decodes, steps } });
    return lastNoise(fitClock(other, { ...settings, maxRounds: Math.min(settings.maxRounds, TRIAL_ROUNDS) })).rms;
  };
  return { minusOne: shifted(-1), asGiven, plusOne: shifted(1) };
};
