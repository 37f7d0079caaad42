import { dividedCost, inverseSeconds, type RowTable, type Term } from '@stepclock/step-cost';
import type { ClockProblem } from '../clock/clock-problem.js';
import { type ClockState, expectedSteps, readClock } from '../clock/clock-state.js';
import { followEvenly } from '../clock/follow-evenly.js';
import { leastCorrection } from '../clock/least-correction.js';
import { trackClock } from '../clock/track-clock.js';
import { wholeSteps } from '../clock/whole-steps.js';
import { decodeContext } from '../rows/decode-context.js';
import { touchedRows, undoubted } from '../rows/doubtful-rows.js';
import { sharePrefills } from '../rows/prefill-sharing.js';
import { robustFit, weightedFit } from '../rows/robust-fit.js';
import { clusterRows } from '../rows/segment-rows.js';
import type { ClockPolicy, LoopStart } from './clock-loop.js';

export interface ExactOptions {
  readonly terms: readonly Term[];
  /** Tokens a step of the engine; Infinity where unknown. */
  readonly budget: number;
  /** False keeps the steps real-valued. */
  readonly mayRound: boolean;
  /** Segments whose work is not known for sure; given, the regression is robust and leaves them out where it can. */
  readonly doubtful?: Uint8Array;
}

const GROWTH = 1.5;
const LEAST_SIGMA = 0.01;
const CG_TOLERANCE = 1e-3;
const CG_ITERATIONS = 200;
/** A clock that was followed is right but for what neighbours can mend. */
const CG_ITERATIONS_NEAR = 8;

/** Whether some term reads the context of decodes. */
export const readsContext = (terms: readonly Term[]): boolean =>
  terms.some(({ needs }) => needs.includes('contextTokens'));

/**
 * The clock that meets every count exactly: the least change of the expected steps that does, rounded to whole steps where that is sure. A
 * start that is known already (a sample gave it) is followed, not solved for.
 */
export const exactPolicy = (
  problem: ClockProblem,
  state: ClockState,
  { terms, budget, mayRound, doubtful }: ExactOptions,
  { known: followed }: LoopStart,
): ClockPolicy => {
  const { frame, columns, graph, groups, pressing } = problem;
  const { real, whole, clock, expected, weight, steps, shares, context } = state;
  const touched = doubtful && touchedRows(groups, doubtful);
  const withContext = readsContext(terms);
  let unsure = 0;
  return {
    terms,
    mayRound,
    roundsAtOnce: mayRound && followed,
    growth: GROWTH,
    leastSigma: LEAST_SIGMA,
    lay: (start) => {
      const cost = dividedCost(terms, start.coefficients);
      if (followed && start.round === 0) followEvenly(problem, state, cost, withContext);
      if (!start.settled) {
        expectedSteps(problem, state, cost, start.sigma, start.tau);
        if (followed && start.round === 0) trackClock(graph, expected, weight, real);
        leastCorrection(graph, expected, weight, real, CG_TOLERANCE, followed ? CG_ITERATIONS_NEAR : CG_ITERATIONS);
        if (start.whole) unsure = wholeSteps(graph, real, expected, weight, whole).unsure;
      }
      const held = readClock(problem, start.whole ? whole : real, state);
      const before = start.pace < 1 && !start.settled ? shares.tokens.slice() : undefined;
      sharePrefills(frame, columns.prefills, steps, shares);
      if (before !== undefined) blend(shares.tokens, before, start.pace);
      if (withContext) decodeContext(frame, columns.decodes, pressing, clock, steps, context);
      return { rows: clusterRows(frame, groups, state, terms, budget), held, unsure };
    },
    regress: (rows, { coefficients, known }) => {
      const weights = inverseSeconds(rows, known ? coefficients : undefined);
      if (touched !== undefined) return fitKept(rows, undoubted(rows, weights, touched));
      return { coefficients: weightedFit(rows, weights), weights };
    },
  };
};

const fitKept = (rows: RowTable, given: Float64Array) => {
  const { coefficients, weights } = robustFit(rows, given);
  return { coefficients, weights };
};

/** Both ways of sharing give every prefill all its tokens, and so does what lies between them. */
const blend = (tokens: Float64Array, before: Float64Array, share: number): void => {
  for (let j = 0; j < tokens.length; j++) tokens[j] = before[j] + share * (tokens[j] - before[j]);
};
