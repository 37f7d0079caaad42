import { type DividedCost, dividedCost, type RowTable, type Term } from '@stepclock/step-cost';
import type { ClockProblem } from '../clock/clock-problem.js';
import { type ClockState, expectedSteps, readClock } from '../clock/clock-state.js';
import { leastCorrection } from '../clock/least-correction.js';
import { wholeSteps } from '../clock/whole-steps.js';
import { decodeContext, readsContext } from '../rows/decode-context.js';
import { touchedRows, undoubted } from '../rows/doubtful-rows.js';
import { placePrefills } from '../rows/placed-prefills.js';
import { robustFit, weightedFit } from '../rows/robust-fit.js';
import { rowWeights } from '../rows/row-weights.js';
import { clusterRows } from '../rows/segment-rows.js';
import type { ClockPolicy } from './clock-loop.js';

export interface ExactOptions {
  readonly terms: readonly Term[];
  /** Tokens a step of the engine; Infinity where unknown. */
  readonly budget: number;
  /** False keeps the steps real-valued. */
  readonly mayRound: boolean;
  /** Segments whose work is not known for sure; given, the regression is robust and leaves them out where it can. */
  readonly doubtful?: Uint8Array;
}

/** How much a damped step may grow from round to round, the least noise, and where the conjugate gradients end. */
const GROWTH = 1.5;
export const LEAST_SIGMA = 0.01;
const CG_TOLERANCE = 1e-3;
const CG_ITERATIONS = 200;
/** Offsets are near enough where their squared errors, over the variances of their neighbours' steps, are this small on average. */
const ENOUGH = 1e-4;

/** How a clock is corrected: by how many iterations at most, and whether to whole steps. */
interface Correction {
  readonly sigma: number;
  readonly tau: number;
  readonly iterations?: number;
  readonly whole: boolean;
}

/** The least change of the expected steps that meets every count, rounded to whole steps where asked. Returns the components that stayed real. */
export const correctClock = (
  problem: ClockProblem,
  state: ClockState,
  cost: DividedCost,
  { sigma, tau, iterations = CG_ITERATIONS, whole }: Correction,
): number => {
  expectedSteps(problem, state, cost, sigma, tau);
  leastCorrection(problem.graph, state.expected, state.weight, state.real, CG_TOLERANCE, iterations, ENOUGH);
  return whole ? wholeSteps(problem.graph, state.real, state.expected, state.weight, state.whole).unsure : 0;
};

/** The clock that meets every count exactly: the least change of the expected steps that does, rounded to whole steps where that is sure. */
export const exactPolicy = (
  problem: ClockProblem,
  state: ClockState,
  { terms, budget, mayRound, doubtful }: ExactOptions,
): ClockPolicy => {
  const { frame, columns, groups, pressing } = problem;
  const { real, whole, clock, steps, shares, context } = state;
  const touched = doubtful && touchedRows(groups, doubtful);
  const withContext = readsContext(terms);
  let unsure = 0;
  return {
    terms,
    mayRound,
    growth: GROWTH,
    leastSigma: LEAST_SIGMA,
    lay: (start) => {
      if (!start.settled) unsure = correctClock(problem, state, dividedCost(terms, start.coefficients), start);
      const held = readClock(problem, start.whole ? whole : real, state);
      const before = start.pace < 1 && !start.settled ? shares.tokens.slice() : undefined;
      placePrefills(problem, state, terms, start.coefficients);
      if (before !== undefined) blend(shares.tokens, before, start.pace);
      if (withContext) decodeContext(frame, columns.decodes, pressing, clock, steps, context);
      return { rows: clusterRows(problem, state, terms, budget), held, unsure };
    },
    regress: (rows, { coefficients, known }) => {
      const weights = rowWeights(problem, rows, state, known ? coefficients : undefined);
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
