import type { DividedCost } from '@stepclock/step-cost';
import { emptyStretch } from '@stepclock/step-cost';
import { emptyShares, type PrefillShares } from '../rows/prefill-sharing.js';
import type { ClockProblem } from './clock-problem.js';

/** The clock and all that hangs on it. Its arrays are overwritten from round to round. */
export interface ClockState {
  /** x, offsets of the components: real-valued, and rounded to whole steps where that is sure. */
  readonly real: Float64Array;
  readonly whole: Float64Array;
  /** K by node. */
  readonly clock: Float64Array;
  /** k_j by segment. */
  readonly steps: Float64Array;
  /** Mean context of a step by segment. */
  readonly context: Float64Array;
  readonly shares: PrefillShares;
  /** k0 and its inverse variance by edge of the graph. */
  readonly expected: Float64Array;
  readonly weight: Float64Array;
}

/**
 * A clock that runs evenly, at the mean step time.
 *
 * @param further whether prompts and positions of the prefill are kept as well
 */
export const startState = (
  { frame, ties, graph, prefillFirst, meanStepSec }: ClockProblem,
  further = false,
): ClockState => {
  const real = new Float64Array(ties.components);
  // Components are numbered by their first nodes, so a node belongs to a new one when its number is the next.
  let next = 0;
  for (let v = 0; v < frame.nodeSec.length; v++) {
    if (ties.component[v] !== next) continue;
    real[next] = frame.nodeSec[v] / meanStepSec;
    next++;
  }
  const segments = frame.segmentSec.length;
  return {
    real,
    whole: new Float64Array(ties.components),
    clock: new Float64Array(frame.nodeSec.length),
    steps: new Float64Array(segments),
    context: new Float64Array(segments),
    shares: emptyShares(segments, { further, prefillFirst }),
    expected: new Float64Array(graph.edges),
    weight: new Float64Array(graph.edges),
  };
};

/** Timestamps and sharing are never exact: a segment's steps are uncertain as if it had this many, at least. */
export const LEAST_UNCERTAIN_STEPS = 0.05;
/** However long its prefill seems to have taken, a segment is expected to have this share of an even clock's steps. */
const LEAST_SHARE = 0.1;
/** A share of prefill tokens that may as well lie in the neighbouring segment is off by half of itself. */
const UNSURE_SHARE = 0.5;

/** A segment that lasts longer than this part of a step that only decodes holds a step at least. */
export const ONE_STEP = 0.6;

/** What a segment's time says of its steps under a cost: k0 and its variance. */
export interface StepExpectation {
  readonly steps: number;
  readonly variance: number;
}

/**
 * k0 of segment j: its time without its prefill, over the time of a step that only decodes. (Solving for k0 like this converges much
 * faster than `dt lambda`, where k stands on both sides.) Its variance is that of k independent steps, plus what the doubt about the
 * prefill tokens' place makes.
 *
 * @param sigma relative standard deviation of a step
 * @param tau relative standard deviation of the time of prefill, on top
 */
export const stepExpectation = (
  { frame, meanStepSec, punctual }: ClockProblem,
  { shares, context }: Pick<ClockState, 'shares' | 'context'>,
  cost: DividedCost,
  sigma: number,
  tau: number,
): ((j: number, decodes: number) => StepExpectation) => {
  const held = emptyStretch();
  const { tokens, unsure, requests, positions, alone } = shares;
  const result = { steps: 0, variance: 0 };
  return (j, decodes) => {
    const seconds = frame.segmentSec[j];
    const stepSec = cost.perStep(decodes, context[j]);
    // Steps that hold prefill alone count in no decode.
    const waits = alone !== undefined && alone[j] > 0;
    // Nodes are ends of steps: what lasts about as long as a step holds one.
    const least = Math.max(
      waits ? 0 : (LEAST_SHARE * seconds) / meanStepSec,
      punctual && !waits && stepSec > 0 && seconds > ONE_STEP * stepSec ? 1 : 0,
    );
    result.steps = least;
    let doubt = 0;
    if (stepSec > 0) {
      held.prefillTokens = tokens[j];
      held.prefillSteps = waits ? alone[j] : tokens[j] > 0 ? 1 : 0;
      held.prefillRequests = requests === undefined ? 0 : requests[j];
      held.prefillContext = positions === undefined ? 0 : positions[j];
      const prefillSec = (tokens[j] > 0 ? cost.ofPrefill(held) : 0) + (waits ? alone[j] * cost.perStep(0, 0) : 0);
      result.steps = Math.max((seconds - prefillSec) / stepSec, least);
      if (tokens[j] > 0) doubt = (prefillSec * ((UNSURE_SHARE * unsure[j]) / tokens[j] + tau)) / stepSec;
    }
    result.variance = sigma * sigma * Math.max(result.steps, LEAST_UNCERTAIN_STEPS) + doubt * doubt;
    return result;
  };
};

/** k0 by edge, and its inverse variance. */
export const expectedSteps = (
  problem: ClockProblem,
  state: ClockState,
  cost: DividedCost,
  sigma: number,
  tau: number,
): void => {
  const { frame, graph } = problem;
  const expectation = stepExpectation(problem, state, cost, sigma, tau);
  for (let e = 0; e < graph.edges; e++) {
    const j = graph.segment[e];
    const { steps, variance } = expectation(j, frame.decodes[j]);
    state.expected[e] = steps;
    state.weight[e] = 1 / variance;
  }
};

/** Reads K and k off the offsets. Returns how many segments would have run backwards: they are held at zero. */
export const readClock = (
  { frame, ties }: ClockProblem,
  offsets: Float64Array,
  { clock, steps }: ClockState,
): number => {
  for (let v = 0; v < clock.length; v++) clock[v] = offsets[ties.component[v]] + ties.offset[v];
  let held = 0;
  for (let j = 0; j < steps.length; j++) {
    const k = frame.busy[j] === 1 ? clock[j + 1] - clock[j] : 0;
    if (k < 0) held++;
    steps[j] = Math.max(k, 0);
  }
  return held;
};
