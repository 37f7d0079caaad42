import { type RowTable, residualSeconds } from '@stepclock/step-cost';
import type { ChosenFit, Conventions } from '../fit/chosen-fit.js';

/** How well one clock explains the trace, and how much had to be bent for it. */
export interface ClockReport {
  /** Steps that the engine took, as far as the trace shows. */
  readonly steps: number;
  /** Whether steps were rounded to whole ones, and the share of the clock's components where noise forbade it. */
  readonly wholeSteps: boolean;
  readonly unsureShare: number;
  /**
   * `sqrt(sum r^2 / sum k) / beta0` over the clusters, with all counts taken for exact: the evidence. Clean traces lie at the
   * noise of their steps; null where beta0 is 0.
   */
  readonly clusterResidual: number | null;
  /** The same relative to the steps' own time. */
  readonly relativeResidual: number;
  /** Relative standard deviation of a step in the fit, robust; and what prefill tokens vary by on top. */
  readonly stepNoise: number;
  readonly prefillNoise: number;
  /** Mean size of the last correction of a segment's expected steps, in steps. */
  readonly correction: number;
  /** Segments that would have run backwards with all counts exact: held at zero. */
  readonly heldSegments: number;
  /** Counts that close a cycle, and those among them that contradict it. */
  readonly cycles: number;
  readonly disagreeingCycles: number;
  readonly clusters: number;
  readonly segments: number;
  readonly busyPeriods: number;
  /** Decodes during which the engine took more steps than they count, as preempted requests do. */
  readonly stretchedDecodes: number;
  /** Relative residuals with one step less, as given, and one more a decode; null where nothing called for the trial. */
  readonly conventions: Conventions | null;
  /** Rows far above and far below their predicted time: unexplained work, and missing work. */
  readonly slowClusters: number;
  readonly fastClusters: number;
  /** Clusters that hold more tokens than the budget of their steps; null where no budget is known. */
  readonly overBudgetClusters: number | null;
}

/** A row lies far out beyond this many standard deviations, which are taken to be this large at least. */
const FAR_OUT = 4;
const LEAST_NOISE = 0.02;

export const clockReport = (chosen: ChosenFit, budget: number | null): ClockReport => {
  const { problem, fit, exact, stretched, conventions } = chosen;
  const { frame, ties, graph } = problem;
  const last = fit.rounds.at(-1);
  const exactRound = exact.rounds.at(-1);
  const residuals = residualSeconds(exact.rows, exact.coefficients);
  let squares = 0;
  let steps = 0;
  let slowClusters = 0;
  let fastClusters = 0;
  const spread = Math.max(LEAST_NOISE, exactRound?.noise.step ?? 0);
  for (let i = 0; i < residuals.length; i++) {
    const r = residuals[i];
    const k = exact.rows.steps[i];
    squares += r * r;
    steps += k;
    const z = ((r / (exact.rows.seconds[i] - r)) * Math.sqrt(k)) / spread;
    if (z > FAR_OUT) slowClusters++;
    if (z < -FAR_OUT) fastClusters++;
  }
  let correction = 0;
  for (let e = 0; e < graph.edges; e++) {
    correction += Math.abs(fit.state.steps[graph.segment[e]] - fit.state.expected[e]);
  }
  let total = 0;
  let busyPeriods = 0;
  for (let j = 0; j < frame.busy.length; j++) {
    total += fit.state.steps[j];
    if (frame.busy[j] === 1 && (j === 0 || frame.busy[j - 1] === 0)) busyPeriods++;
  }
  const fixedSec = exact.coefficients[exact.terms.findIndex(({ name }) => name === 'step')];
  return {
    steps: total,
    wholeSteps: last?.whole === true,
    unsureShare: (last?.unsure ?? 0) / Math.max(ties.components, 1),
    clusterResidual: fixedSec > 0 && steps > 0 ? Math.sqrt(squares / steps) / fixedSec : null,
    relativeResidual: exactRound?.noise.rms ?? 0,
    stepNoise: last?.noise.step ?? 0,
    prefillNoise: last?.noise.prefill ?? 0,
    correction: graph.edges > 0 ? correction / graph.edges : 0,
    heldSegments: exactRound?.held ?? 0,
    cycles: ties.cycles,
    disagreeingCycles: ties.disagreeing,
    clusters: fit.rows.length,
    segments: frame.busy.length,
    busyPeriods,
    stretchedDecodes: stretched.length,
    conventions: conventions ?? null,
    slowClusters,
    fastClusters,
    overBudgetClusters: budget === null ? null : overBudget(fit.rows, budget),
  };
};

/** Steps of a cluster may be real-valued, and off by a little. */
const SLACK_STEPS = 0.5;

const overBudget = ({ length, steps, terms, sums }: RowTable, budget: number): number => {
  const tokens = ['prefill_tokens', 'decode_seqs'].flatMap((name) => {
    const t = terms.findIndex((term) => term.name === name);
    return t < 0 ? [] : [sums[t]];
  });
  let over = 0;
  for (let i = 0; i < length; i++) {
    const held = tokens.reduce((sum, column) => sum + column[i], 0);
    if (held > budget * (steps[i] + SLACK_STEPS)) over++;
  }
  return over;
};
