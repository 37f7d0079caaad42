import { sortedOrder } from '@stepclock/overlap-pressure';
import { bisectLeft } from 'd3-array';
import { type ClockProblem, clockProblem } from './clock-problem.js';
import { clusterRows } from './clusters.js';
import { decodeContext } from './decode-context.js';
import { enoughUntouched, touchedRows, undoubted } from './doubtful-rows.js';
import { type ClockFit, type FitSettings, fitClock, type Round } from './fit-clock.js';
import { type LooseClock, leastAbsoluteClock, looseClock } from './loose-counts.js';
import { rowNoise } from './noise.js';
import type { OffsetGraph } from './offset-graph.js';
import { emptyShares, sharePrefills } from './prefill-sharing.js';
import { robustFit } from './robust-fit.js';
import { rowWeights, type StepBetas } from './row-fit.js';

export interface PreemptedFit {
  readonly problem: ClockProblem;
  readonly fit: ClockFit;
  /** Decodes during which the engine took more steps than they count: their entries in the columns. */
  readonly stretched: Int32Array;
}

const ROUNDS = 14;
/** Force of a count over that of a segment of FORCE_STEPS steps that is off by one standard deviation. */
const FORCE = 2;
const FORCE_STEPS = 4;
const FIRST_SIGMA = 0.3;
const LEAST_SIGMA = 0.02;
const LEAST_STEPS = 0.05;
const STILL = 0.02;
/** Beyond this many steps a decode counts as stretched. */
const STRETCHED = 0.5;

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
    return { problem: again, fit: fitClock(again, { ...settings, doubtful: touched }), stretched };
  }
  return { problem: partlyPressing({ ...problem, graph: segmentsOf(loose) }), fit, stretched };
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
  for (let j = 0; j < segments; j++) clock[j + 1] = (clock[j] as number) + (expected[j] as number);
  const steps = new Float64Array(segments);
  const context = new Float64Array(segments);
  const shares = emptyShares(segments);
  const slack = new Float64Array(loose.decodes.length);
  const rounds: Round[] = [];
  let sigma = FIRST_SIGMA;
  let beta: StepBetas | undefined;
  for (;;) {
    const force = FORCE / (sigma * Math.sqrt(FORCE_STEPS));
    leastAbsoluteClock(loose, columns.decodes.steps, expected, variance, force, clock, slack);
    let held = 0;
    for (let j = 0; j < segments; j++) {
      const k = frame.busy[j] === 1 ? (clock[j + 1] as number) - (clock[j] as number) : 0;
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
        expected: Float64Array.from(edges, (j) => expected[j] as number),
        weight: Float64Array.from(edges, (j) => 1 / (variance[j] as number)),
      };
      const { weights } = fitted;
      return { fit: { beta: fitted.beta, state, rows, weights, rounds, converged: change < STILL }, slack };
    }
    // Half way only, after the first rounds: counts that just give way, or just do not, would make the rounds chase each other.
    beta = beta === undefined || rounds.length < 4 ? fitted.beta : midway(beta, fitted.beta);
    sigma = Math.min(FIRST_SIGMA, Math.max(LEAST_SIGMA, 1.5 * fitted.scale));
    for (let j = 0; j < segments; j++) {
      if (frame.busy[j] === 0) continue;
      const seconds = frame.segmentSec[j] as number;
      const stepSec = stepSeconds(beta, decodes[j] as number, context[j] as number, meanStepSec);
      const k0 = (seconds - beta[1] * (shares.tokens[j] as number)) / stepSec;
      const doubt = (0.5 * beta[1] * (shares.unsure[j] as number)) / stepSec;
      expected[j] = Math.max(k0, (0.1 * seconds) / meanStepSec);
      variance[j] = sigma * sigma * Math.max(expected[j] as number, LEAST_STEPS) + doubt * doubt;
    }
  }
};

const midway = (a: StepBetas, b: StepBetas): StepBetas => [
  (a[0] + b[0]) / 2,
  (a[1] + b[1]) / 2,
  (a[2] + b[2]) / 2,
  (a[3] + b[3]) / 2,
];

const stepSeconds = (beta: StepBetas, decodes: number, context: number, otherwise: number): number => {
  const seconds = beta[0] + beta[2] * decodes + beta[3] * context;
  return seconds > 0 ? seconds : otherwise;
};

/** Adds what stretched decodes must have computed again: prompt and half of the output once each, spread over their steps. */
const addRecomputed = (
  { frame, columns }: ClockProblem,
  loose: LooseClock,
  slack: Float64Array,
  steps: Float64Array,
  tokens: Float64Array,
): void => {
  const { decodes } = columns;
  const perStep = new Float64Array(tokens.length + 1);
  for (let q = 0; q < loose.decodes.length; q++) {
    const s = slack[q] as number;
    const i = loose.decodes[q] as number;
    const count = decodes.steps[i] as number;
    const context = decodes.context[i] as number;
    if (!(s > STRETCHED) || Number.isNaN(context)) continue;
    const rate = (context + count / 2) / (count + s);
    perStep[frame.decodeStart[i] as number] = (perStep[frame.decodeStart[i] as number] as number) + rate;
    perStep[frame.decodeEnd[i] as number] = (perStep[frame.decodeEnd[i] as number] as number) - rate;
  }
  let rate = 0;
  for (let j = 0; j < tokens.length; j++) {
    rate += perStep[j] as number;
    tokens[j] = (tokens[j] as number) + Math.max(0, rate) * (steps[j] as number);
  }
};

interface Pressing {
  /** Share of the steps between its ends that each decode took part in. */
  readonly pressing: Float64Array;
  /** n_j, decodes counted by these shares. */
  readonly decodes: Float64Array;
  /** 1 for the segments under a stretched decode. */
  readonly touched: Uint8Array;
}

const presence = ({ frame, columns }: ClockProblem, loose: LooseClock, slack: Float64Array): Pressing => {
  const { steps } = columns.decodes;
  const segments = frame.segmentSec.length;
  const pressing = new Float64Array(steps.length).fill(1);
  const absent = new Float64Array(segments + 1);
  const stretched = new Int32Array(segments + 1);
  for (let q = 0; q < loose.decodes.length; q++) {
    const s = slack[q] as number;
    if (!(s > STRETCHED)) continue;
    const i = loose.decodes[q] as number;
    const share = s / (s + (steps[i] as number));
    pressing[i] = 1 - share;
    const a = frame.decodeStart[i] as number;
    const b = frame.decodeEnd[i] as number;
    absent[a] = (absent[a] as number) + share;
    absent[b] = (absent[b] as number) - share;
    stretched[a] = (stretched[a] as number) + 1;
    stretched[b] = (stretched[b] as number) - 1;
  }
  const decodes = new Float64Array(segments);
  const touched = new Uint8Array(segments);
  let away = 0;
  let count = 0;
  for (let j = 0; j < segments; j++) {
    away += absent[j] as number;
    count += stretched[j] as number;
    decodes[j] = Math.max(0, (frame.decodes[j] as number) - (count > 0 ? away : 0));
    touched[j] = count > 0 ? 1 : 0;
  }
  return { pressing, decodes, touched };
};

/** Decodes that gave way, and which counts are left. */
const stretchedDecodes = (loose: LooseClock, slack: Float64Array, decodes: number) => {
  const counted = new Uint8Array(decodes);
  const stretched: number[] = [];
  for (let q = 0; q < loose.decodes.length; q++) {
    const i = loose.decodes[q] as number;
    if ((slack[q] as number) > STRETCHED) stretched.push(i);
    else counted[i] = 1;
  }
  return { counted, stretched: Int32Array.from(stretched) };
};

const UPPER_QUARTILE = 0.75;

/** k by segment at the upper quartile of its decodes' rates `N / T`: the preempted ones look slow, so the fast ones are right. */
const commonRate = ({ frame, columns, meanStepSec }: ClockProblem): Float64Array => {
  const { decodeStart, decodeEnd, segmentSec, busy } = frame;
  const { decodes } = columns;
  const rate = Float64Array.from(
    { length: decodes.length },
    (_, i) => (decodes.steps[i] as number) / ((decodes.endSec[i] as number) - (decodes.startSec[i] as number)),
  );
  const whole = (i: number): boolean => decodes.cut[i] === 0;
  const starts = sortedOrder(Float64Array.from(decodeStart)).filter(whole);
  const ends = sortedOrder(Float64Array.from(decodeEnd)).filter(whole);
  const active: number[] = [];
  const expected = new Float64Array(segmentSec.length);
  let s = 0;
  let e = 0;
  for (let j = 0; j < segmentSec.length; j++) {
    for (; e < ends.length && (decodeEnd[ends[e] as number] as number) <= j; e++) {
      active.splice(bisectLeft(active, rate[ends[e] as number] as number), 1);
    }
    for (; s < starts.length && (decodeStart[starts[s] as number] as number) <= j; s++) {
      const r = rate[starts[s] as number] as number;
      active.splice(bisectLeft(active, r), 0, r);
    }
    const perSec = active[Math.floor(UPPER_QUARTILE * active.length)] ?? 1 / meanStepSec;
    expected[j] = busy[j] === 1 ? (segmentSec[j] as number) * perSec : 0;
  }
  return expected;
};
