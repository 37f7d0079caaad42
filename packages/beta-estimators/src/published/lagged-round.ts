import {
  emptyPrefixSums,
  lastStepCorrection,
  lastSteps,
  type PrefixSums,
  prefixSum,
  type StaticCorrectionMode,
  staticCorrection,
  sumOverPhases,
} from '@stepclock/overlap-pressure';
import type { BetaTriple, DurationDesign } from './duration-fit.js';
import type { IterativeCorrectionMode } from './published-options.js';
import { addUpTokens, emptyTokenTotals, stepAverages } from './step-averages.js';
import type { TraceSignals } from './trace-signals.js';

/** Step times (s/step) and step densities (steps/s) below this count as this. */
const FLOOR = 1e-12;

/** One round's design from the coefficients of the round before; good until the next call. */
export type LaggedRound = (beta: BetaTriple) => DurationDesign;

/**
 * The rounds of the iterative estimator over one trace (docs/theory.md, _The published estimators_, steps 1 to 3). They hold the lagged prefill
 * pressure q, which starts as the full one, and room for every signal: a round allocates nothing.
 */
export const laggedRounds = (signals: TraceSignals, mode: IterativeCorrectionMode): LaggedRound => {
  const { grid, steps, pressures } = signals;
  const lagged = pressures.prefill.slice();
  const stepsOnSegment = new Float64Array(grid.segmentCount);
  const runningSteps = emptyPrefixSums(grid.segmentCount);
  const passed = new Float64Array(steps.length);
  const totals = emptyTokenTotals(grid.segmentCount);
  const design: DurationDesign = (from, to, columns) => {
    const [n, prefill, decode] = columns as readonly [Float64Array, Float64Array, Float64Array];
    stepAverages(grid, totals, steps, passed, from, to, n, prefill, decode);
  };
  const correct =
    mode === 'beta_informed' ? informedCorrection(signals, passed, runningSteps) : fixedCorrection(signals, mode);

  return (beta) => {
    expectSteps(beta, lagged, pressures.decode, grid.segmentSec, stepsOnSegment);
    prefixSum(stepsOnSegment, runningSteps);
    sumOverPhases(grid, runningSteps, passed);
    correct(stepsOnSegment, lagged);
    addUpTokens(stepsOnSegment, lagged, pressures.decode, totals);
    return design;
  };
};

/** `lambda dt` on every segment, with `lambda = 1 / max(beta0 + beta1 q + beta2 p_dec, floor)`. */
const expectSteps = (
  [beta0, beta1, beta2]: BetaTriple,
  prefill: Float64Array,
  decode: Float64Array,
  segmentSec: Float64Array,
  into: Float64Array,
): void => {
  for (let j = 0; j < into.length; j++) {
    const stepSec = beta0 + beta1 * prefill[j] + beta2 * decode[j];
    into[j] = segmentSec[j] / Math.max(stepSec, FLOOR);
  }
};

/** Overwrites `into` with `q = max(p_pf - c / max(lambda, floor), 0)`. */
type PressureCorrection = (stepsOnSegment: Float64Array, into: Float64Array) => void;

/** On each prefill's last step, told from the steps that pass during every phase and their running sums. */
const informedCorrection = (
  { grid, steps, missing, pressures: { prefill } }: TraceSignals,
  passed: Float64Array,
  runningSteps: PrefixSums,
): PressureCorrection => {
  const last = lastSteps(grid, missing, steps);
  const room = new Float64Array(grid.segmentCount + 1);
  return (stepsOnSegment, into) => {
    const perStep = lastStepCorrection(last, passed, stepsOnSegment, runningSteps, room);
    takeOff(prefill, perStep, stepsOnSegment, grid.segmentSec, into);
  };
};

/** `q` for `c = perStep lambda`: lambda cancels, unless its floor bites. */
const takeOff = (
  prefill: Float64Array,
  perStep: Float64Array,
  stepsOnSegment: Float64Array,
  segmentSec: Float64Array,
  into: Float64Array,
): void => {
  for (let j = 0; j < into.length; j++) {
    const least = FLOOR * segmentSec[j];
    const here = stepsOnSegment[j];
    const correction = perStep[j];
    into[j] = Math.max(prefill[j] - (here >= least ? correction : (correction * here) / least), 0);
  }
};

const fixedCorrection = (
  { grid: { segmentSec }, grid, missing, pressures: { prefill } }: TraceSignals,
  mode: StaticCorrectionMode,
): PressureCorrection => {
  const tokens = staticCorrection(mode, grid, missing).map((rate, j) => rate * segmentSec[j]);
  return (stepsOnSegment, into) => {
    for (let j = 0; j < into.length; j++) {
      const steps = Math.max(stepsOnSegment[j], FLOOR * segmentSec[j]);
      into[j] = Math.max(prefill[j] - tokens[j] / steps, 0);
    }
  };
};
