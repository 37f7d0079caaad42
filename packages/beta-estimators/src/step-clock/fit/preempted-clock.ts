import type { Term } from '@stepclock/step-cost';
import { type ClockProblem, clockProblem } from '../clock/clock-problem.js';
import type { LooseClock } from '../clock/loose-counts.js';
import type { OffsetGraph } from '../clock/offset-graph.js';
import { presence, STRETCHED } from '../clock/presence.js';
import { enoughUntouched, touchedRows } from '../rows/doubtful-rows.js';
import { runRounds } from './clock-loop.js';
import { OVERHEAD } from './cost-columns.js';
import { type ClockFit, evenStart, type FitSettings, fitClock } from './fit-clock.js';
import { type LooseState, loosePolicy, looseState } from './loose-policy.js';

export interface PreemptedFit {
  readonly problem: ClockProblem;
  readonly fit: ClockFit;
  /** Decodes during which the engine took more steps than they count: their entries in the columns. */
  readonly stretched: Int32Array;
  /** Segments that such decodes touch. */
  readonly touched: Uint8Array;
  /** Whether too few clusters are left that none of them touches, so that the loose clock stands. */
  readonly loose: boolean;
}

/** Counts go on giving way one by one: later rounds let good ones go, and coefficients drift (simulated caches of 8,000 to 12,000 tokens). */
const MOST_LOOSE_ROUNDS = 16;

/**
 * The clock where requests were preempted. A preempted decode waits, and is computed again, while the engine goes on: it counts
 * fewer steps than pass, never more, presses only part of the time, and its recomputed tokens are nowhere in the trace. So
 * counts give way with a bounded force (least absolute deviations), those that gave way are dropped, and their decodes press
 * with the share of the steps that they took part in.
 *
 * Where enough clusters are left that no such decode touches, the clock is fitted again on the counts that held, and the
 * regression on these clusters alone. Where every cluster is touched, the loose clock stands, and each stretched decode is
 * taken to have been computed again once, at any time between its ends: the least that must have happened.
 *
 * @param looseTerms terms of the loose clock: what preempted decodes hold in the cache, and when, is guesswork
 */
export const fitPreempted = (
  given: ClockProblem,
  settings: FitSettings,
  looseTerms: readonly Term[] = settings.terms,
): PreemptedFit => {
  // A client that stood still shows first tokens late: their prompts were not computed where they end.
  const spread = settings.terms.includes(OVERHEAD) ? { budget: Number.POSITIVE_INFINITY } : {};
  const problem = { ...given, ...spread, punctual: false };
  const { columns, meanStepSec } = problem;
  const state = looseState(problem, looseTerms);
  const policy = loosePolicy(problem, state, looseTerms, settings.budget);
  const maxRounds = Math.min(settings.maxRounds, MOST_LOOSE_ROUNDS);
  const result = runRounds(policy, evenStart(looseTerms, meanStepSec), { tol: settings.tol, maxRounds });
  const { loose, slack } = state;
  const { stretched, counted } = stretchedDecodes(loose, slack, columns.decodes.length);
  const { pressing, decodes, touched } = presence(problem, loose, slack);
  const partlyPressing = (base: ClockProblem): ClockProblem => ({
    ...base,
    pressing,
    frame: { ...base.frame, decodes },
  });
  if (enoughUntouched(result.rows, touchedRows(problem.groups, touched))) {
    const again = partlyPressing({ ...clockProblem(columns, given, counted), budget: problem.budget });
    const fit = fitClock(again, { ...settings, doubtful: touched });
    return { problem: again, fit, stretched, touched, loose: false };
  }
  const fit = { ...result, terms: looseTerms, state: asClockState(state) };
  return { problem: partlyPressing({ ...problem, graph: segmentsOf(loose) }), fit, stretched, touched, loose: true };
};

/** The loose clock's graph without the counts. */
const segmentsOf = ({ graph, segments }: LooseClock): OffsetGraph => ({ ...graph, edges: segments });

const asClockState = ({ loose, clock, steps, context, shares, expected, variance }: LooseState): ClockFit['state'] => {
  const { segment } = loose.graph;
  return {
    real: clock,
    whole: clock,
    clock,
    steps,
    context,
    shares,
    expected: Float64Array.from(segment, (j) => expected[j]),
    weight: Float64Array.from(segment, (j) => 1 / variance[j]),
  };
};

/** Decodes that gave way, and which counts are left. */
const stretchedDecodes = (loose: LooseClock, slack: Float64Array, decodes: number) => {
  const counted = new Uint8Array(decodes);
  const stretched: number[] = [];
  for (let q = 0; q < loose.decodes.length; q++) {
    const i = loose.decodes[q];
    if (slack[q] > STRETCHED) stretched.push(i);
    else counted[i] = 1;
  }
  return { counted, stretched: Int32Array.from(stretched) };
};
