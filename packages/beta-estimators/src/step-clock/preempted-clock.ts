import { type ClockProblem, clockProblem } from './clock-problem.js';
import { clusterRows } from './clusters.js';
import { commonRate } from './common-rate.js';
import { DampedSteps } from './damped-steps.js';
import { decodeContext } from './decode-context.js';
import { enoughUntouched, touchedRows, undoubted } from './doubtful-rows.js';
import { type ClockFit, type FitSettings, fitClock, type Round } from './fit-clock.js';
import { type LooseClock, leastAbsoluteClock, looseClock } from './loose-counts.js';
import { rowNoise } from './noise.js';
import type { OffsetGraph } from './offset-graph.js';
import { emptyShares, sharePrefills } from './prefill-sharing.js';
import { addRecomputed, presence, STRETCHED } from './presence.js';
import { robustFit } from './robust-fit.js';
import { rowWeights, type StepBetas } from './row-fit.js';

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

const ROUNDS = 16;
/** Of the steps of the coefficients, while they go on: counts give way one by one, so less than where all are met. */
const GROWTH = 1.2;
/** Force of a count over that of a segment of FORCE_STEPS steps that is off by one standard deviation. */
const FORCE = 2;
const FORCE_STEPS = 4;
const FIRST_SIGMA = 0.3;
const LEAST_SIGMA = 0.02;
const LEAST_STEPS = 0.05;
const STILL = 0.02;

/**
 * The clock where requests were preempted. A preempted decode waits, and is computed again, while the engine goes on: it counts
 * fewer steps than pass, never more, presses only part of the time, and its recomputed tokens are nowhere in the trace. So
 * counts give way with a bounded force (least absolute deviations), those that gave way are dropped, and their decodes press
 * with the share of the steps that they took part in.
 *
 * Where enough clusters are left that no such decode touches, the clock is fitted again on the counts that held, and the
 * regression on these clusters alone. Where every cluster is touched, the loose clock stands, and each stretched decode is
 * taken to have been computed again once, at any time between its ends: the least that must have happened.
 */
export const fitPreempted = (problem: ClockProblem, settings: FitSettings): PreemptedFit => {
  const { columns } = problem;
  const loose = looseClock(problem);
  const { fit, slack } = looseRounds(problem, loose, settings);
  const { stretched, counted } = stretchedDecodes(loose, slack, columns.decodes.length);
  const { pressing, decodes, touched } = presence(problem, loose, slack);
  const partlyPressing = (base: ClockProblem): ClockProblem => ({
    ...base,
    pressing,
    frame: { ...base.frame, decodes },
  });
  if (enoughUntouched(fit.rows, touchedRows(problem.groups, touched))) {
    const again = partlyPressing(clockProblem(columns, counted));
    return {
      problem: again,
      fit: fitClock(again, { ...settings, doubtful: touched }),
      stretched,
      touched,
      loose: false,
    };
  }
  return { problem: partlyPressing({ ...problem, graph: segmentsOf(loose) }), fit, stretched, touched, loose: true };
};

/** The loose clock's graph without the counts. */
const segmentsOf = ({ graph, segments }: LooseClock): OffsetGraph => ({ ...graph, edges: segments });

/** Alternates the loose clock and a robust regression; the slack is by entry of the loose clock's decodes. */
const looseRounds = (
  problem: ClockProblem,
  loose: LooseClock,
  { width }: FitSettings,
): { readonly fit: ClockFit; readonly slack: Float64Array } => {
  const { frame, columns, groups, meanStepSec } = problem;
  const segments = frame.segmentSec.length;
  const expected = commonRate(problem);
  const variance = expected.map((k) => FIRST_SIGMA ** 2 * Math.max(k, LEAST_STEPS));
  const clock = new Float64Array(segments + 1);
  for (let j = 0; j < segments; j++) clock[j + 1] = clock[j] + expected[j];
  const steps = new Float64Array(segments);
  const context = new Float64Array(segments);
  const shares = emptyShares(segments);
  const slack = new Float64Array(loose.decodes.length);
  const hold = new Float64Array(loose.decodes.length);
  const rounds: Round[] = [];
  let sigma = FIRST_SIGMA;
  let beta: StepBetas | undefined;
  const damping = new DampedSteps(GROWTH);
  for (;;) {
    const force = FORCE / (sigma * Math.sqrt(FORCE_STEPS));
    leastAbsoluteClock(loose, columns.decodes.steps, expected, variance, force, clock, slack, hold);
    let held = 0;
    for (let j = 0; j < segments; j++) {
      const k = frame.busy[j] === 1 ? clock[j + 1] - clock[j] : 0;
      if (k < 0) held++;
      steps[j] = Math.max(0, k);
    }
    const { pressing, decodes, touched } = presence(problem, loose, slack);
    const partly = { ...frame, decodes };
    sharePrefills(frame, columns.prefills, steps, shares);
    addRecomputed(problem, loose, slack, steps, shares.tokens);
    if (width === 4) decodeContext(partly, columns.decodes, pressing, clock, steps, context);
    const rows = clusterRows(partly, groups, steps, shares.tokens, context);
    const fitted = robustFit(rows, width, undoubted(rows, rowWeights(rows, undefined), touchedRows(groups, touched)));
    const change =
      beta === undefined
        ? 1
        : Math.max(...fitted.beta.map((b, i) => (b === 0 ? 0 : Math.abs(b - (beta?.[i] ?? 0)) / b)));
    rounds.push({ beta: fitted.beta, whole: false, change, noise: rowNoise(rows, fitted.beta), held, unsure: 0 });
    if (rounds.length === ROUNDS) {
      const edges = loose.graph.segment;
      const state = {
        real: clock,
        whole: clock,
        clock,
        steps,
        context,
        shares,
        expected: Float64Array.from(edges, (j) => expected[j]),
        weight: Float64Array.from(edges, (j) => 1 / variance[j]),
      };
      const { weights } = fitted;
      return { fit: { beta: fitted.beta, state, rows, weights, rounds, converged: change < STILL }, slack };
    }
    // Counts that just give way, or just do not, would make the rounds chase each other: shorter steps end the chase.
    const before = beta ?? fitted.beta;
    beta = damping.step(before, fitted.beta);
    const { pace } = damping;
    sigma = Math.min(FIRST_SIGMA, Math.max(LEAST_SIGMA, 1.5 * fitted.scale));
    for (let j = 0; j < segments; j++) {
      if (frame.busy[j] === 0) continue;
      const seconds = frame.segmentSec[j];
      const stepSec = stepSeconds(beta, decodes[j], context[j], meanStepSec);
      const k0 = (seconds - beta[1] * shares.tokens[j]) / stepSec;
      const doubt = (0.5 * beta[1] * shares.unsure[j]) / stepSec;
      const k = Math.max(k0, (0.1 * seconds) / meanStepSec);
      expected[j] = expected[j] + pace * (k - expected[j]);
      const v = sigma * sigma * Math.max(expected[j], LEAST_STEPS) + doubt * doubt;
      variance[j] = variance[j] + pace * (v - variance[j]);
    }
  }
};

const stepSeconds = (beta: StepBetas, decodes: number, context: number, otherwise: number): number => {
  const seconds = beta[0] + beta[2] * decodes + beta[3] * context;
  return seconds > 0 ? seconds : otherwise;
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
