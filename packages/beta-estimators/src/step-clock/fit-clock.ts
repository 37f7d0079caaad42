import type { ClockProblem } from './clock-problem.js';
import { type ClockState, expectedSteps, readClock, startState } from './clock-state.js';
import { type ClusterRows, clusterRows } from './clusters.js';
import { DampedSteps } from './damped-steps.js';
import { decodeContext } from './decode-context.js';
import { touchedRows, undoubted } from './doubtful-rows.js';
import { followEvenly } from './follow-evenly.js';
import { leastCorrection } from './least-correction.js';
import { type Noise, rowNoise } from './noise.js';
import { sharePrefills } from './prefill-sharing.js';
import { refined } from './refine.js';
import { robustFit } from './robust-fit.js';
import { evenWeights, fitRows, rowWeights, type StepBetas, type Width } from './row-fit.js';
import { trackClock } from './track-clock.js';
import { wholeSteps } from './whole-steps.js';

export interface FitSettings {
  readonly width: Width;
  /** Largest relative change of a coefficient that counts as standing still. */
  readonly tol: number;
  readonly maxRounds: number;
  /** What a sample of the trace gave: nearly right already, so the clock is followed, not solved for. */
  readonly from?: { readonly beta: StepBetas; readonly noise: Noise };
  /** False keeps the steps real-valued. Default true. */
  readonly mayRound?: boolean;
  /** Segments whose work is not known for sure; given, the regression is robust and leaves them out where it can. */
  readonly doubtful?: Uint8Array;
}

/** What one round did. */
export interface Round {
  /** Coefficients that the round's regression gave. */
  readonly beta: StepBetas;
  /** Whether steps were rounded to whole ones. */
  readonly whole: boolean;
  /** Largest relative change of a coefficient. */
  readonly change: number;
  readonly noise: Noise;
  /** Segments that would have run backwards, held at zero. */
  readonly held: number;
  /** Components that could not be rounded with confidence. */
  readonly unsure: number;
}

export interface ClockFit {
  readonly beta: StepBetas;
  readonly state: ClockState;
  readonly rows: ClusterRows;
  readonly weights: Float64Array;
  readonly rounds: readonly Round[];
  readonly converged: boolean;
}

/** Steps are rounded once the coefficients change by less than this, or after so many rounds. */
const NEAR_ENOUGH = 0.02;
const MOST_REAL_ROUNDS = 9;
/** Rounding may leave a residual of this size (relative to a step), or larger by this factor: else the steps stay real. */
const FINE_RESIDUAL = 0.1;
const WORSE = 1.15;
/** Coefficients that move less than this in the last round have converged, if not to `tol`. */
const STILL = 5e-3;
/** Relative standard deviation of a step: before anything is known, and at least. */
const FIRST_SIGMA = 0.3;
const LEAST_SIGMA = 0.01;
/** The regression has seen the clock fitted to it, so its residuals look smaller than the noise is. */
const SIGMA_INFLATION = 1.5;
/** Of the steps of the coefficients, while they go on. */
const GROWTH = 1.5;
/** So many turns at the slowest pace, and the same clocks will come again. */
const MOST_TURNS = 4;
const CG_TOLERANCE = 1e-3;
const CG_ITERATIONS = 200;
/** A clock that was followed is right but for what neighbours can mend. */
const CG_ITERATIONS_NEAR = 8;

/**
 * Finds the clock and the coefficients together. A round takes the expected steps from the coefficients, corrects them by the
 * least change that meets every count, and regresses the time of the clusters on what they then hold. Once the
 * coefficients are nearly right, the steps are rounded to whole ones, which ends the feedback between the two: the clock is
 * then exact, but for the few components that noise leaves open. Where rounding does not fit, steps stay real-valued.
 */
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

const iterate = (problem: ClockProblem, settings: FitSettings, mayRound: boolean): ClockFit => {
  const { from, maxRounds, tol, width } = settings;
  const { frame, columns, graph, groups } = problem;
  const state = startState(problem);
  const { real, expected, weight, steps, shares, context } = state;
  const touched = settings.doubtful && touchedRows(groups, settings.doubtful);
  const rounds: Round[] = [];
  let beta: StepBetas = from?.beta ?? [problem.meanStepSec, 0, 0, 0];
  let sigma = from === undefined ? FIRST_SIGMA : sigmaOf(from.noise);
  let tau = from === undefined ? 0 : SIGMA_INFLATION * from.noise.prefill;
  let whole = mayRound && from !== undefined;
  const damping = new DampedSteps(GROWTH);
  let unsure = 0;
  let settled = false;
  if (from !== undefined) followEvenly(problem, state, from.beta, width);
  for (;;) {
    if (!settled) {
      expectedSteps(problem, state, beta, sigma, tau);
      if (from !== undefined && rounds.length === 0) trackClock(graph, expected, weight, real);
      leastCorrection(
        graph,
        expected,
        weight,
        real,
        CG_TOLERANCE,
        from === undefined ? CG_ITERATIONS : CG_ITERATIONS_NEAR,
      );
      if (whole) unsure = wholeSteps(graph, real, expected, weight, state.whole).unsure;
    }
    const held = readClock(problem, whole ? state.whole : real, state);
    const before = damping.pace < 1 && !settled ? shares.tokens.slice() : undefined;
    sharePrefills(frame, columns.prefills, steps, shares);
    if (before !== undefined) blend(shares.tokens, before, damping.pace);
    if (width === 4) decodeContext(frame, columns.decodes, problem.pressing, state.clock, steps, context);

    const rows = clusterRows(frame, groups, steps, shares.tokens, context);
    const { beta: fitted, weights } = regress(
      rows,
      rounds.length === 0 && from === undefined ? undefined : beta,
      width,
      touched,
    );
    const noise = rowNoise(rows, fitted);
    const round = { beta: fitted, whole, change: relativeChange(beta, fitted), noise, held, unsure };
    rounds.push(round);
    const still = round.change < tol && whole === mayRound;
    if (still || rounds.length >= maxRounds) {
      return {
        beta: refined(rows, width, weights, fitted),
        state,
        rows,
        weights,
        rounds,
        converged: still || round.change < STILL,
      };
    }
    const damped = damping.step(beta, fitted);
    // Where two sets of whole steps still take turns, nothing tells them apart but their residuals.
    settled ||= whole && damping.turnsAtSlowest >= MOST_TURNS && noise.rms <= (rounds.at(-2)?.noise.rms ?? 0);
    beta = settled ? fitted : damped;
    sigma = sigmaOf(noise);
    tau = SIGMA_INFLATION * noise.prefill;
    whole ||= mayRound && (round.change < NEAR_ENOUGH || rounds.length >= MOST_REAL_ROUNDS);
  }
};

const sigmaOf = (noise: Noise): number => Math.min(FIRST_SIGMA, Math.max(LEAST_SIGMA, SIGMA_INFLATION * noise.step));

const regress = (
  rows: ClusterRows,
  beta: StepBetas | undefined,
  width: Width,
  touched: Uint8Array | undefined,
): { readonly beta: StepBetas; readonly weights: Float64Array } => {
  if (touched !== undefined) return robustFit(rows, width, undoubted(rows, rowWeights(rows, beta), touched));
  const weights = evenWeights(rows, beta);
  return { beta: fitRows(rows, width, weights), weights };
};

const relativeChange = (before: StepBetas, after: StepBetas): number =>
  Math.max(...after.map((b, i) => (b === 0 ? 0 : Math.abs(b - before[i]) / b)));

/** Both ways of sharing give every prefill all its tokens, and so does what lies between them. */
const blend = (tokens: Float64Array, before: Float64Array, share: number): void => {
  for (let j = 0; j < tokens.length; j++) {
    tokens[j] = before[j] + share * (tokens[j] - before[j]);
  }
};
