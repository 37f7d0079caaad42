import type { RowTable, Term } from '@stepclock/step-cost';
import { type Noise, rowNoise } from '../rows/noise.js';
import { DampedSteps } from './damped-steps.js';

/** What a round starts from. */
export interface RoundStart {
  /** Counted from 0. */
  readonly round: number;
  /** By term, s; undefined before anything is known. */
  readonly coefficients: Float64Array;
  readonly known: boolean;
  /** Relative standard deviation of a step, and of the time of prefill on top. */
  readonly sigma: number;
  readonly tau: number;
  /** Share of the way that coefficients go. */
  readonly pace: number;
  /** Whether steps are rounded to whole ones, and whether the clock stands as it is. */
  readonly whole: boolean;
  readonly settled: boolean;
}

/** The clock that a round has laid under its coefficients. */
interface LaidClock {
  readonly rows: RowTable;
  /** Segments that would have run backwards, held at zero. */
  readonly held: number;
  /** Components that could not be rounded with confidence. */
  readonly unsure: number;
}

/** A regression of a round's rows. */
interface RoundFit {
  readonly coefficients: Float64Array;
  readonly weights: Float64Array;
  /** Relative standard deviation of a step, where the regression tells it better than the rows do. */
  readonly sigma?: number;
}

/** How a clock is laid and its rows are fitted: all that tells an exact clock and a loose one apart. */
export interface ClockPolicy {
  readonly terms: readonly Term[];
  /** Whether steps may be rounded to whole ones. */
  readonly mayRound: boolean;
  /** Of damped steps that go on. */
  readonly growth: number;
  readonly leastSigma: number;
  readonly lay: (start: RoundStart) => LaidClock;
  readonly regress: (rows: RowTable, start: RoundStart) => RoundFit;
}

/** When the rounds end. */
export interface LoopLimits {
  /** Largest relative change of a coefficient that counts as standing still. */
  readonly tol: number;
  readonly maxRounds: number;
}

/** What one round did. */
export interface Round {
  /** Coefficients that the round's regression gave. */
  readonly coefficients: Float64Array;
  readonly whole: boolean;
  /** Largest relative change of a coefficient without a prior, as {@link runRounds} measures it. */
  readonly change: number;
  readonly noise: Noise;
  readonly held: number;
  readonly unsure: number;
}

export interface LoopResult {
  readonly coefficients: Float64Array;
  readonly rows: RowTable;
  readonly weights: Float64Array;
  readonly rounds: readonly Round[];
  /** Whether the last round moved no coefficient by more than `tol`. */
  readonly still: boolean;
}

/** Relative standard deviation of a step before anything is known, and at most. */
export const FIRST_SIGMA = 0.3;
/** The regression has seen the clock fitted to it, so its residuals look smaller than the noise is. */
const SIGMA_INFLATION = 1.5;
/** How far expected steps may be off, after what rows left. */
export const doubtOf = ({ step, prefill }: Pick<Noise, 'step' | 'prefill'>, leastSigma: number) => ({
  sigma: Math.min(FIRST_SIGMA, Math.max(leastSigma, SIGMA_INFLATION * step)),
  tau: SIGMA_INFLATION * prefill,
});
/** Steps are rounded once the coefficients change by less than this, or after so many rounds. */
const NEAR_ENOUGH = 0.02;
const MOST_REAL_ROUNDS = 9;
/** So many turns at the slowest pace, and the same clocks will come again. */
const MOST_TURNS = 4;

/**
 * Finds the clock and the coefficients together, from a start that only says how long a step takes. A round lays the clock under the coefficients so far and regresses the time of the
 * rows on what they then hold; rounds go on until no coefficient moves. Once the coefficients are nearly right, steps are rounded to
 * whole ones, which ends the feedback between the two.
 */
export const runRounds = (policy: ClockPolicy, start: Float64Array, { tol, maxRounds }: LoopLimits): LoopResult => {
  const damping = new DampedSteps(policy.growth);
  const rounds: Round[] = [];
  let coefficients = start;
  let known = false;
  let sigma = FIRST_SIGMA;
  let tau = 0;
  let whole = false;
  let settled = false;
  for (;;) {
    const at: RoundStart = {
      round: rounds.length,
      coefficients,
      known,
      sigma,
      tau,
      pace: damping.pace,
      whole,
      settled,
    };
    const { rows, held, unsure } = policy.lay(at);
    const fit = policy.regress(rows, at);
    const noise = rowNoise(rows, fit.coefficients);
    const change = known ? relativeChange(rows, coefficients, fit.coefficients) : 1;
    rounds.push({ coefficients: fit.coefficients, whole, change, noise, held, unsure });
    const still = change < tol && whole === policy.mayRound;
    if (still || rounds.length >= maxRounds) {
      return { coefficients: fit.coefficients, rows, weights: fit.weights, rounds, still };
    }
    const damped = known ? damping.step(coefficients, fit.coefficients) : fit.coefficients;
    // Where two sets of whole steps still take turns, nothing tells them apart but their residuals.
    settled ||= whole && damping.turnsAtSlowest >= MOST_TURNS && noise.rms <= (rounds.at(-2)?.noise.rms ?? 0);
    coefficients = settled ? fit.coefficients : damped;
    known = true;
    ({ sigma, tau } = doubtOf({ ...noise, step: fit.sigma ?? noise.step }, policy.leastSigma));
    whole ||= policy.mayRound && (change < NEAR_ENOUGH || rounds.length >= MOST_REAL_ROUNDS);
  }
};

/** A coefficient is asked to stand still as if its term took this share of all the time at least: what costs nothing may wander. */
const MATERIAL = 0.01;

const relativeChange = ({ terms, sums, seconds }: RowTable, before: Float64Array, after: Float64Array): number => {
  const measured = sumOf(seconds);
  let most = 0;
  for (const [t, { priorShare }] of terms.entries()) {
    if (priorShare !== null) continue;
    const held = sumOf(sums[t]);
    const least = held > 0 ? (MATERIAL * measured) / held : Number.POSITIVE_INFINITY;
    most = Math.max(most, Math.abs(after[t] - before[t]) / Math.max(Math.abs(after[t]), least));
  }
  return most;
};

const sumOf = (column: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < column.length; i++) sum += column[i];
  return sum;
};
