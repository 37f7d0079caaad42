import type { ClockProblem } from './clock-problem.js';
import { emptyShares, type PrefillShares } from './prefill-sharing.js';
import type { StepBetas } from './row-fit.js';

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

/** A clock that runs evenly, at the mean step time. */
export const startState = ({ frame, ties, graph, meanStepSec }: ClockProblem): ClockState => {
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
    shares: emptyShares(segments),
    expected: new Float64Array(graph.edges),
    weight: new Float64Array(graph.edges),
  };
};

/** Timestamps and sharing are never exact: a segment's steps are uncertain as if it had this many, at least. */
const LEAST_STEPS = 0.05;
/** However long its prefill seems to have taken, a segment is expected to have this share of an even clock's steps. */
const LEAST_SHARE = 0.1;

/**
 * k0 by edge, from the coefficients and the shares of the last round: the segment's time without its prefill tokens, over the
 * time of a step that only decodes. (Solving for k0 like this converges much faster than `dt lambda`, where k stands on both
 * sides.) Its variance is that of k independent steps, plus what the doubt about the prefill tokens' place makes.
 *
 * @param sigma relative standard deviation of a step
 * @param tau relative standard deviation of the time of prefill tokens, on top
 */
export const expectedSteps = (
  { frame, graph, meanStepSec }: ClockProblem,
  { shares, context, expected, weight }: ClockState,
  beta: StepBetas,
  sigma: number,
  tau: number,
): void => {
  const { tokens, unsure } = shares;
  for (let e = 0; e < graph.edges; e++) {
    const j = graph.segment[e];
    const seconds = frame.segmentSec[j];
    const stepSec = beta[0] + beta[2] * frame.decodes[j] + beta[3] * context[j];
    const least = (LEAST_SHARE * seconds) / meanStepSec;
    const k0 = stepSec > 0 ? Math.max((seconds - beta[1] * tokens[j]) / stepSec, least) : least;
    const doubt = stepSec > 0 ? (beta[1] * (0.5 * unsure[j] + tau * tokens[j])) / stepSec : 0;
    expected[e] = k0;
    weight[e] = 1 / (sigma * sigma * Math.max(k0, LEAST_STEPS) + doubt * doubt);
  }
};

/** Reads K and k off the offsets. Returns how many segments would have run backwards: they are held at zero. */
export const readClock = (
  { frame, ties }: ClockProblem,
  offsets: Float64Array,
  { clock, steps }: ClockState,
): number => {
  for (let v = 0; v < clock.length; v++) {
    clock[v] = offsets[ties.component[v]] + ties.offset[v];
  }
  let held = 0;
  for (let j = 0; j < steps.length; j++) {
    const k = frame.busy[j] === 1 ? clock[j + 1] - clock[j] : 0;
    if (k < 0) held++;
    steps[j] = Math.max(k, 0);
  }
  return held;
};
