import type { RowTable, Term } from '@stepclock/step-cost';
import type { ClockProblem } from '../clock/clock-problem.js';
import { type ClockState, startState } from '../clock/clock-state.js';
import { emptyShares } from '../rows/prefill-sharing.js';
import { asksFurther } from '../rows/segment-rows.js';
import { type LoopLimits, type LoopStart, type Round, runRounds } from './clock-loop.js';
import { exactPolicy } from './exact-policy.js';

export interface FitSettings extends LoopLimits {
  readonly terms: readonly Term[];
  /** Tokens a step of the engine; Infinity where unknown. */
  readonly budget: number;
  /** What a sample of the trace gave: nearly right already, so the clock is followed, not solved for. */
  readonly from?: LoopStart;
  /** False keeps the steps real-valued. Default true. */
  readonly mayRound?: boolean;
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

/** Rounding may leave a residual of this size (relative to a step), or larger by this factor: else the steps stay real. */
const FINE_RESIDUAL = 0.1;
const WORSE = 1.15;

/** The clock that meets every count. Where rounding to whole steps does not fit, steps stay real-valued. */
export const fitClock = (problem: ClockProblem, settings: FitSettings): ClockFit => {
  const { mayRound = true } = settings;
  const fit = iterate(problem, settings, mayRound);
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
export const evenStart = (terms: readonly Term[], meanStepSec: number): LoopStart => ({
  coefficients: Float64Array.from(terms, ({ name }) => (name === 'step' ? meanStepSec : 0)),
  known: false,
});

const iterate = (problem: ClockProblem, settings: FitSettings, mayRound: boolean): ClockFit => {
  const { terms, budget, doubtful } = settings;
  const from = settings.from ?? evenStart(terms, problem.meanStepSec);
  const even = startState(problem);
  const state = { ...even, shares: emptyShares(even.steps.length, asksFurther(terms)) };
  const options = { terms, budget, mayRound, ...(doubtful && { doubtful }) };
  return { ...runRounds(exactPolicy(problem, state, options, from), from, settings), terms, state };
};
