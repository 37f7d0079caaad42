import { dividedCost, type RowTable, type Term } from '@stepclock/step-cost';
import type { ClockProblem } from '../clock/clock-problem.js';
import { type ClockState, expectedSteps, readClock, startState } from '../clock/clock-state.js';
import { followEvenly } from '../clock/follow-evenly.js';
import { trackClock } from '../clock/track-clock.js';
import { decodeContext, readsContext } from '../rows/decode-context.js';
import { type Noise, rowNoise } from '../rows/noise.js';
import { placePrefills } from '../rows/placed-prefills.js';
import { emptyShares } from '../rows/prefill-sharing.js';
import { rowWeights } from '../rows/row-weights.js';
import { asksFurther, clusterRows } from '../rows/segment-rows.js';
import { doubtOf } from './clock-loop.js';
import { correctClock, LEAST_SIGMA } from './exact-policy.js';
import { type ClockFit, FINE_RESIDUAL, WORSE } from './fit-clock.js';

/** A clock with the rows that it makes. */
export interface LaidClock {
  readonly state: ClockState;
  readonly rows: RowTable;
  /** By row, before rows far out are put aside. */
  readonly weights: Float64Array;
  /** What the rows leave under the coefficients that the clock was laid under. */
  readonly noise: Noise;
  readonly whole: boolean;
  readonly unsure: number;
  /** Segments that would have run backwards. */
  readonly held: number;
}

/** Rounds that settle a clock under coefficients that stand: steps decide where prefill and context lie, and these what steps are expected. */
const ROUNDS = 4;
/** Of each: a clock that was followed is right but for what neighbours can mend. */
const CG_ITERATIONS = 200;

/**
 * Lays a clock under coefficients that are held: expected steps, the least correction, no regression. Whole steps where they fit as well.
 *
 * @param noise what rows leave, relative to a step and to the time of prefill
 * @param budget tokens a step of the engine; Infinity where unknown
 */
export const heldClock = (
  problem: ClockProblem,
  terms: readonly Term[],
  coefficients: Float64Array,
  noise: Pick<Noise, 'step' | 'prefill'>,
  budget: number,
): LaidClock => {
  const { frame, columns, graph, pressing } = problem;
  const state = startState(problem, asksFurther(terms));
  const cost = dividedCost(terms, coefficients);
  const withContext = readsContext(terms);
  const correction = { ...doubtOf(noise, LEAST_SIGMA), iterations: CG_ITERATIONS, whole: true };
  followEvenly(problem, state, terms, coefficients);
  expectedSteps(problem, state, cost, correction.sigma, correction.tau);
  trackClock(graph, state.expected, state.weight, state.real);
  const read = (whole: boolean): number => {
    const held = readClock(problem, whole ? state.whole : state.real, state);
    placePrefills(problem, state, terms, coefficients);
    if (withContext) decodeContext(frame, columns.decodes, pressing, state.clock, state.steps, state.context);
    return held;
  };
  let unsure = 0;
  let held = 0;
  for (let round = 0; round < ROUNDS; round++) {
    unsure = correctClock(problem, state, cost, correction);
    held = read(true);
  }
  // Terms that cost nothing say nothing of how well a clock fits.
  const costing = terms.flatMap((term, t) => (coefficients[t] === 0 ? [] : [{ term, cost: coefficients[t] }]));
  const noiseOf = (): Noise =>
    rowNoise(
      rowsOnColumns(
        problem,
        state,
        costing.map(({ term }) => term),
        budget,
        terms,
        coefficients,
      ),
      costing.map(({ cost }) => cost),
    );
  let whole = true;
  let left = noiseOf();
  if (left.rms > FINE_RESIDUAL) {
    const rounded = left;
    whole = false;
    held = read(whole);
    left = noiseOf();
    if (rounded.rms <= WORSE * left.rms) {
      whole = true;
      held = read(whole);
      left = rounded;
    }
  }
  const rows = rowsOnColumns(problem, state, terms, budget, terms, coefficients);
  const weights = rowWeights(problem, rows, state, coefficients);
  return { state, rows, weights, noise: left, whole, unsure: whole ? unsure : 0, held };
};

/** The clock of a fit with rows on more columns. */
export const laidFit = (
  problem: ClockProblem,
  fit: ClockFit,
  terms: readonly Term[],
  coefficients: Float64Array,
  budget: number,
): LaidClock => {
  const last = fit.rounds[fit.rounds.length - 1];
  const rows = rowsOnColumns(problem, fit.state, terms, budget, terms, coefficients);
  const { noise, whole, unsure, held } = last;
  return {
    state: fit.state,
    rows,
    weights: rowWeights(problem, rows, fit.state, coefficients),
    noise,
    whole,
    unsure,
    held,
  };
};

/** Rows of a clock, with what their columns ask for beyond what the clock needed. */
const rowsOnColumns = (
  problem: ClockProblem,
  state: ClockState,
  terms: readonly Term[],
  budget: number,
  costing: readonly Term[],
  coefficients: Float64Array,
): RowTable => {
  if (!asksFurther(terms)) return clusterRows(problem, state, terms, budget);
  const further = emptyShares(state.steps.length, { further: true, prefillFirst: problem.prefillFirst });
  placePrefills(problem, { ...state, shares: further }, costing, coefficients);
  // The clock's own tokens stay: what was computed again is among them, and in no log.
  const { tokens, unsure } = state.shares;
  return clusterRows(problem, { ...state, shares: { ...further, tokens, unsure } }, terms, budget);
};
