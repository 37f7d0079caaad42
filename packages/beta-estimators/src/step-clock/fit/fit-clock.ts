import { BASE_TERMS, type RowTable, type Term } from '@stepclock/step-cost';
import type { ClockProblem } from '../clock/clock-problem.js';
import { type ClockState, startState } from '../clock/clock-state.js';
import { asksFurther } from '../rows/segment-rows.js';
import { type LoopLimits, type Round, runRounds } from './clock-loop.js';
import { exactPolicy } from './exact-policy.js';

export interface FitSettings extends LoopLimits {
  readonly terms: readonly Term[];
  /** Tokens a step of the engine; Infinity where unknown. */
  readonly budget: number;
  /** Segments whose work is not known for sure; given, the regression is robust and leaves them out where it can. */
  readonly doubtful?: Uint8Array;
}

/** A clock with the rows that it makes and their coefficients. */
export interface ClockFit {
  readonly terms: readonly Term[];
  /** By term, s. */
  readonly coefficients: Float64Array;
  readonly state: ClockState;
  readonly rows: RowTable;
  readonly weights: Float64Array;
  readonly rounds: readonly Round[];
  /** Whether the last round moved no coefficient by more than `tol`. */
  readonly still: boolean;
}

/** The cost of a step whatever it holds. */
const [FIXED_COST] = BASE_TERMS;

/** Rounding may leave a residual of this size (relative to a step), or larger by this factor: else the steps stay real. */
export const FINE_RESIDUAL = 0.1;
export const WORSE = 1.15;

/** The clock that meets every count. Where rounding to whole steps does not fit, steps stay real-valued. */
export const fitClock = (problem: ClockProblem, settings: FitSettings): ClockFit => {
  const fit = iterate(problem, settings, true);
  const rounded = fit.rounds.at(-1);
  const real = fit.rounds.findLast((round) => !round.whole);
  if (rounded?.whole !== true || real === undefined) return fit;
  const fits = rounded.noise.rms <= Math.max(FINE_RESIDUAL, WORSE * real.noise.rms);
  return fits ? fit : bestOf(problem, settings, iterate(problem, settings, false));
};

/**
 * Where no set of whole steps fits, rounds may pass by a good clock and settle on a bad one, whose residual is much larger.
 * Rounds are deterministic, so stopping at the best one gives it back.
 */
const bestOf = (problem: ClockProblem, settings: FitSettings, fit: ClockFit): ClockFit => {
  const { rounds } = fit;
  let best = rounds.length - 1;
  for (const [m, { noise }] of rounds.entries()) if (noise.rms < (rounds[best]?.noise.rms ?? 0)) best = m;
  const worsened = (rounds.at(-1)?.noise.rms ?? 0) > WORSE * (rounds[best]?.noise.rms ?? 0);
  return worsened ? iterate(problem, { ...settings, maxRounds: best + 1 }, false) : fit;
};

/** Every step takes the mean time: what is known before a round. */
export const evenStart = (terms: readonly Term[], meanStepSec: number): Float64Array =>
  Float64Array.from(terms, (term) => (term === FIXED_COST ? meanStepSec : 0));

const iterate = (problem: ClockProblem, settings: FitSettings, mayRound: boolean): ClockFit => {
  const { terms, budget, doubtful } = settings;
  const state = startState(problem, asksFurther(terms));
  const options = { terms, budget, mayRound, ...(doubtful && { doubtful }) };
  const start = evenStart(terms, problem.meanStepSec);
  return { ...runRounds(exactPolicy(problem, state, options), start, settings), terms, state };
};
