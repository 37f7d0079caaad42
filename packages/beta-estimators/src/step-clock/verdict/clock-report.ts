import { selectQuantile } from '@stepclock/numerics';
import { fittedColumn } from '@stepclock/step-cost';
import type { Conventions } from '../fit/conventions.js';
import type { LaidWindow, TraceFit, WindowVisitors } from '../fit/trace-fit.js';
import { stepResiduals } from '../rows/row-weights.js';

/** How well one clock explains the trace, and how much had to be bent for it. */
export interface ClockReport {
  /** Steps that the engine took, as far as the trace shows. */
  readonly steps: number;
  /** Whether steps were rounded to whole ones in most windows, and the share of the clock's components where noise forbade it. */
  readonly wholeSteps: boolean;
  readonly unsureShare: number;
  /** Root mean square residual of a row, relative to a step; rows far out are put aside. */
  readonly relativeResidual: number;
  /** Relative standard deviation of a step, robust; and what prefill tokens vary by on top. */
  readonly stepNoise: number;
  readonly prefillNoise: number;
  /** Mean size of the last correction of a segment's expected steps, in steps. */
  readonly correction: number;
  /** Segments that would have run backwards: held at zero. */
  readonly heldSegments: number;
  /** Counts that close a cycle, and those among them that contradict it. */
  readonly cycles: number;
  readonly disagreeingCycles: number;
  readonly clusters: number;
  /** Seconds over steps of all clusters. */
  readonly meanStepSeconds: number;
  readonly segments: number;
  readonly busyPeriods: number;
  /** Decodes during which the engine took more steps than they count, as preempted requests do. */
  readonly stretchedDecodes: number;
  /** Seconds that these steps took, over all such decodes. */
  readonly stretchedSeconds: number;
  /** Relative residuals with one step less, as given, and one more a decode; null where nothing called for the trial. */
  readonly conventions: Conventions | null;
  /** Clusters that hold more tokens than the budget of their steps; null where no budget is known. */
  readonly overBudgetClusters: number | null;
  /** Rows put aside: far slower than predicted, the seconds that they took on top, and far faster. */
  readonly slowClusters: number;
  readonly stalledSeconds: number;
  readonly fastClusters: number;
  /** The slowest and the fastest fiftieth of the rows begin so far from the middle one, relative to a step; null with too few rows. */
  readonly slowTail: number | null;
  readonly fastTail: number | null;
  /** Rows whose steps nothing tells: prefill on an idle engine. */
  readonly uncountedClusters: number;
  /** Windows that the trace was cut into, those that were fitted, and those of them that were set aside. */
  readonly windows: number;
  readonly fittedWindows: number;
  readonly windowsSetAside: number;
  /** Of the columns of the fit: phases and decodes. */
  readonly prefills: number;
  readonly decodes: number;
}

/** Steps of a cluster may be real-valued, and off by a little. */
const SLACK_STEPS = 0.5;

/** Tokens of prefills, and one a decode and step, by cluster. */
const heldTokens = (
  { frame, groups }: LaidWindow['problem'],
  { steps, shares }: LaidWindow['laid']['state'],
): Float64Array => {
  const tokens = new Float64Array(groups.length);
  for (let j = 0; j < steps.length; j++) {
    const row = groups.ofSegment[j];
    if (row >= 0) tokens[row] += shares.tokens[j] + steps[j] * frame.decodes[j];
  }
  return tokens;
};

/** Adds up what the clocks of the windows say about themselves. */
export class ClockTally {
  #sums = emptySums();

  /** @param budget tokens a step of the engine; null where unknown */
  constructor(private readonly budget: number | null) {}

  /** Begins a pass. */
  readonly visitors: WindowVisitors = () => {
    this.#sums = emptySums();
    return (window) => this.#add(window);
  };

  #add({ problem, laid, coefficients }: LaidWindow): void {
    const sums = this.#sums;
    const { frame, graph, ties, columns, groups } = problem;
    const { state, rows, weights } = laid;
    for (let e = 0; e < graph.edges; e++) {
      sums.correction += Math.abs(state.steps[graph.segment[e]] - state.expected[e]);
    }
    sums.edges += graph.edges;
    for (let j = 0; j < frame.busy.length; j++) {
      sums.steps += state.steps[j] + (state.shares.alone?.[j] ?? 0);
      if (frame.busy[j] === 1 && (j === 0 || frame.busy[j - 1] === 0)) sums.busyPeriods++;
    }
    sums.segments += frame.busy.length;
    sums.components += ties.components;
    sums.unsure += laid.unsure;
    sums.whole += laid.whole ? 1 : 0;
    sums.held += laid.held;
    sums.cycles += ties.cycles;
    sums.disagreeing += ties.disagreeing;
    sums.clusters += groups.length;
    sums.prefills += columns.prefills.length;
    sums.decodes += columns.decodes.length;
    const tokens = heldTokens(problem, state);
    for (let i = 0; i < rows.length; i++) {
      sums.rowSeconds += rows.seconds[i];
      sums.rowSteps += rows.steps[i];
      if (this.budget !== null && tokens[i] > this.budget * (rows.steps[i] + SLACK_STEPS)) sums.overBudget++;
    }
    const residuals = stepResiduals(rows, fittedColumn(rows, coefficients));
    for (let i = 0; i < rows.length; i++) if (weights[i] > 0) sums.residuals.push(residuals[i]);
    const { uncounted } = problem.starts;
    for (let j = 0, last = -1; j < uncounted.length; j++) {
      // Clusters ascend with time.
      if (uncounted[j] === 0 || groups.ofSegment[j] <= last) continue;
      last = groups.ofSegment[j];
      sums.uncounted++;
    }
  }

  report({ fitted, cut, noise, rms, stretched, stretchedSec, conventions }: TraceFit): ClockReport {
    const sums = this.#sums;
    const over = (read: (window: TraceFit['fitted'][number]) => number): number =>
      fitted.reduce((sum, window) => sum + read(window), 0);
    return {
      steps: sums.steps,
      wholeSteps: sums.whole > fitted.length / 2,
      unsureShare: sums.unsure / Math.max(sums.components, 1),
      relativeResidual: rms,
      stepNoise: noise.step,
      prefillNoise: noise.prefill,
      correction: sums.edges > 0 ? sums.correction / sums.edges : 0,
      heldSegments: sums.held,
      cycles: sums.cycles,
      disagreeingCycles: sums.disagreeing,
      clusters: sums.clusters,
      meanStepSeconds: sums.rowSteps > 0 ? sums.rowSeconds / sums.rowSteps : 0,
      segments: sums.segments,
      busyPeriods: sums.busyPeriods,
      stretchedDecodes: stretched,
      stretchedSeconds: stretchedSec,
      conventions,
      overBudgetClusters: this.budget === null ? null : sums.overBudget,
      slowClusters: over(({ sums: { slow } }) => slow),
      stalledSeconds: over(({ sums: { stalledSec } }) => stalledSec),
      fastClusters: over(({ sums: { fast } }) => fast),
      ...tailsOf(sums.residuals),
      uncountedClusters: sums.uncounted,
      windows: cut,
      fittedWindows: fitted.length,
      windowsSetAside: fitted.filter(({ setAside }) => setAside !== null).length,
      prefills: sums.prefills,
      decodes: sums.decodes,
    };
  }
}

/** A fiftieth of fewer rows is an accident. */
const ENOUGH_ROWS = 100;
const TAIL = 0.02;

const tailsOf = (residuals: readonly number[]): Pick<ClockReport, 'slowTail' | 'fastTail'> => {
  if (residuals.length < ENOUGH_ROWS) return { slowTail: null, fastTail: null };
  const column = new Float64Array(residuals);
  const middle = selectQuantile(column, 0.5);
  return {
    slowTail: selectQuantile(column, 1 - TAIL) - middle,
    fastTail: middle - selectQuantile(column, TAIL),
  };
};

const noResiduals = (): number[] => [];

const emptySums = () => ({
  residuals: noResiduals(),
  steps: 0,
  segments: 0,
  edges: 0,
  correction: 0,
  busyPeriods: 0,
  components: 0,
  unsure: 0,
  whole: 0,
  held: 0,
  cycles: 0,
  disagreeing: 0,
  clusters: 0,
  uncounted: 0,
  overBudget: 0,
  rowSeconds: 0,
  rowSteps: 0,
  prefills: 0,
  decodes: 0,
});
