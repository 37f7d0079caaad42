import type { ClockProblem } from './clock-problem.js';
import type { ClockFit } from './fit-clock.js';
import { predictedSeconds, type Width } from './row-fit.js';

/** How well one clock explains the trace, and how much had to be bent for it. */
export interface ClockReport {
  /** Steps that the engine took, as far as the trace shows. */
  readonly steps: number;
  /** Whether steps were rounded to whole ones, and the share of the clock's components for which noise forbade it. */
  readonly wholeSteps: boolean;
  readonly unsureShare: number;
  /** `sqrt(sum r^2 / sum k) / beta0` over the clusters: the evidence. About the noise of a step; 0.02 is clean, 0.2 suspicious. */
  readonly clusterResidual: number | null;
  /** Relative standard deviation of a step, robust. */
  readonly stepNoise: number;
  /** Mean size of the last correction of a segment's expected steps, in steps. */
  readonly correction: number;
  /** Segments that would have run backwards, held at zero. */
  readonly heldSegments: number;
  /** Counts that close a cycle, and those among them that contradict it. */
  readonly cycles: number;
  readonly disagreeingCycles: number;
  readonly clusters: number;
  readonly segments: number;
  readonly busyPeriods: number;
}

export const clockReport = (
  problem: ClockProblem,
  { beta, rows, state, rounds }: ClockFit,
  _width: Width,
): ClockReport => {
  const { frame, ties, graph } = problem;
  const last = rounds.at(-1);
  let squares = 0;
  let steps = 0;
  for (let i = 0; i < rows.length; i++) {
    const r = (rows.seconds[i] as number) - predictedSeconds(rows, beta, i);
    squares += r * r;
    steps += rows.steps[i] as number;
  }
  let correction = 0;
  for (let e = 0; e < graph.edges; e++) {
    correction += Math.abs((state.steps[graph.segment[e] as number] as number) - (state.expected[e] as number));
  }
  let total = 0;
  let busyPeriods = 0;
  for (let j = 0; j < state.steps.length; j++) {
    total += state.steps[j] as number;
    if (frame.busy[j] === 1 && (j === 0 || frame.busy[j - 1] === 0)) busyPeriods++;
  }
  return {
    steps: total,
    wholeSteps: last?.whole === true,
    unsureShare: (last?.unsure ?? 0) / Math.max(ties.components, 1),
    clusterResidual: beta[0] > 0 && steps > 0 ? Math.sqrt(squares / steps) / beta[0] : null,
    stepNoise: last?.noise.step ?? 0,
    correction: graph.edges > 0 ? correction / graph.edges : 0,
    heldSegments: last?.held ?? 0,
    cycles: ties.cycles,
    disagreeingCycles: ties.disagreeing,
    clusters: rows.length,
    segments: state.steps.length,
    busyPeriods,
  };
};
