import { dividedCost, inverseSeconds, type Term } from '@stepclock/step-cost';
import type { ClockProblem } from '../clock/clock-problem.js';
import { LEAST_UNCERTAIN_STEPS, stepExpectation } from '../clock/clock-state.js';
import { commonRate } from '../clock/common-rate.js';
import { type LooseClock, leastAbsoluteClock, looseClock } from '../clock/loose-counts.js';
import { addRecomputed, type Pressing, presence } from '../clock/presence.js';
import { decodeContext, readsContext } from '../rows/decode-context.js';
import { touchedRows, undoubted } from '../rows/doubtful-rows.js';
import { placePrefills } from '../rows/placed-prefills.js';
import { emptyShares } from '../rows/prefill-sharing.js';
import { robustFit } from '../rows/robust-fit.js';
import { asksFurther, clusterRows } from '../rows/segment-rows.js';
import { type ClockPolicy, FIRST_SIGMA, type RoundStart } from './clock-loop.js';

/** A clock whose counts may give way. Its arrays are overwritten from round to round. */
export interface LooseState {
  readonly loose: LooseClock;
  /** K by node; k, mean context, k0 and its variance by segment. */
  readonly clock: Float64Array;
  readonly steps: Float64Array;
  readonly context: Float64Array;
  readonly shares: ReturnType<typeof emptyShares>;
  readonly expected: Float64Array;
  readonly variance: Float64Array;
  /** Steps that passed during each decode beyond its count, by entry of the loose clock's decodes. */
  readonly slack: Float64Array;
  /** How hard each count pulls, carried from round to round. */
  readonly hold: Float64Array;
}

/** Of damped steps: counts give way one by one, so less than where all are met. */
const GROWTH = 1.2;
const LEAST_SIGMA = 0.02;
/** Force of a count over that of a segment of FORCE_STEPS steps that is off by one standard deviation. */
const FORCE = 2;
const FORCE_STEPS = 4;

export const looseState = (problem: ClockProblem, terms: readonly Term[]): LooseState => {
  const loose = looseClock(problem);
  const segments = problem.frame.segmentSec.length;
  const expected = commonRate(problem);
  const clock = new Float64Array(segments + 1);
  for (let j = 0; j < segments; j++) clock[j + 1] = clock[j] + expected[j];
  return {
    loose,
    clock,
    steps: new Float64Array(segments),
    context: new Float64Array(segments),
    shares: emptyShares(segments, { further: asksFurther(terms), prefillFirst: problem.prefillFirst }),
    expected,
    variance: expected.map((k) => FIRST_SIGMA ** 2 * Math.max(k, LEAST_UNCERTAIN_STEPS)),
    slack: new Float64Array(loose.decodes.length),
    hold: new Float64Array(loose.decodes.length),
  };
};

/**
 * The clock where counts are lower bounds that give way with a bounded force: requests were preempted, and computed again. What gave way
 * presses for its share of the steps, and rows that it touches take no part where enough others are left.
 */
export const loosePolicy = (
  problem: ClockProblem,
  state: LooseState,
  terms: readonly Term[],
  budget: number,
): ClockPolicy => {
  const { frame, columns, groups } = problem;
  const { loose, clock, steps, context, shares, expected, variance, slack, hold } = state;
  const withContext = readsContext(terms);
  let pressed: Pressing | undefined;

  /** Moves k0 and its variance towards what the coefficients say, by the pace of the coefficients. */
  const expect = ({ coefficients, sigma, pace }: RoundStart): void => {
    const expectation = stepExpectation(problem, state, dividedCost(terms, coefficients), sigma, 0);
    for (let j = 0; j < expected.length; j++) {
      if (frame.busy[j] === 0) continue;
      const { steps: k0, variance: v } = expectation(j, pressed?.decodes[j] ?? frame.decodes[j]);
      expected[j] += pace * (k0 - expected[j]);
      variance[j] += pace * (v - variance[j]);
    }
  };

  return {
    terms,
    mayRound: false,
    growth: GROWTH,
    leastSigma: LEAST_SIGMA,
    lay: (start) => {
      if (start.round > 0) expect(start);
      const force = FORCE / (start.sigma * Math.sqrt(FORCE_STEPS));
      leastAbsoluteClock(loose, columns.decodes.steps, expected, variance, force, clock, slack, hold);
      let held = 0;
      for (let j = 0; j < steps.length; j++) {
        const k = frame.busy[j] === 1 ? clock[j + 1] - clock[j] : 0;
        if (k < 0) held++;
        steps[j] = Math.max(0, k);
      }
      pressed = presence(problem, loose, slack);
      const partly = { ...frame, decodes: pressed.decodes };
      placePrefills(problem, state, terms, start.coefficients);
      addRecomputed(problem, loose, slack, steps, shares.tokens);
      if (withContext) decodeContext(partly, columns.decodes, pressed.pressing, clock, steps, context);
      return { rows: clusterRows({ ...problem, frame: partly }, state, terms, budget), held, unsure: 0 };
    },
    regress: (rows) => {
      const touched = touchedRows(groups, pressed?.touched ?? new Uint8Array(frame.busy.length));
      const { coefficients, weights, scale } = robustFit(rows, undoubted(rows, inverseSeconds(rows), touched));
      return { coefficients, weights, sigma: scale };
    },
  };
};
