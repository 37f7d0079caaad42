import { Fault } from '@stepclock/faults';
import { medianOf } from '@stepclock/numerics';
import { followsOn, type StepColumns } from '../step-columns.js';
import { stepPeriods } from './step-periods.js';

/** What of a step is its time: what the engine says it took, or the period from the end of the step before to its own. */
export type StepTime = 'elapsed' | 'period';

/** What the times that a log tells are, by its stamps. */
export interface TimeCheck {
  /** What the elapsed times of busy stretches sum to, as a share of their span by the stamps; null where no stamps tell. */
  readonly elapsedShare: number | null;
  /** Standard error of the share that the rounding of stamps makes. */
  readonly shareError: number;
  /** To what stamps are rounded, s; null without stamps. */
  readonly resolutionSec: number | null;
  /** Whether the elapsed times are those of waiting for steps: a step is planned while the one before it runs. */
  readonly isWaiting: boolean;
  /** Whether stamps are fine enough to time single steps. */
  readonly hasPeriods: boolean;
}

/** Stamps that are rounded to more than this share of a step time none. */
const FINE_SHARE = 0.25;
/** Elapsed times leave out the scheduler: up to a tenth of a step of some milliseconds (vLLM on a CPU). What sums to less was waiting. */
const LEAST_SHARE = 0.85;
/** Steps that take nearly no time beside the middle one, of which a log without waiting has none in so many. */
const NO_TIME = 0.1;
const FEW = 0.005;
/** With them elapsed times are waiting from here on. */
const LEAST_SHARE_WITH_GAPS = 0.97;
/** More rows than this share that go back in time make stamps tell nothing: several engines, or rows out of order. */
const FEW_BACK = 0.01;
/** A longer period is of a clock that was set, or of an engine that was stopped. */
const LONGEST_SEC = 60;
/** Busy seconds that tell a share. */
const LEAST_SPAN_SEC = 1;

/** When each step ended, on a clock of the log; undefined where it does not say. */
export const stepEnds = ({ startSec, stampSec, durationSec }: StepColumns): Float64Array | undefined =>
  startSec === undefined ? stampSec : durationSec.map((sec, i) => startSec[i] + sec);

/** What is known of times without stamps. */
export const NO_STAMPS: TimeCheck = {
  elapsedShare: null,
  shareError: 0,
  resolutionSec: null,
  isWaiting: false,
  hasPeriods: false,
};

/** What a log's times are. */
export const checkTime = (steps: StepColumns): TimeCheck => {
  const ends = stepEnds(steps);
  if (ends === undefined) return NO_STAMPS;
  const resolutionSec = resolutionOf(ends);
  let span = 0;
  let elapsed = 0;
  let stretches = 0;
  let isBusy = false;
  let rows = 0;
  let back = 0;
  for (let i = 1; i < steps.length; i++) {
    const period = ends[i] - ends[i - 1];
    if (period < -resolutionSec) back++;
    // A decode was in the engine when the step before ended.
    const goesOn =
      steps.decodeTokens[i] > 0 &&
      steps.prefillTokens[i - 1] + steps.decodeTokens[i - 1] > 0 &&
      period >= 0 &&
      followsOn(steps, i) &&
      !(period > Math.max(LONGEST_SEC, 10 * steps.durationSec[i]));
    if (goesOn) {
      if (!isBusy) stretches++;
      span += period;
      elapsed += steps.durationSec[i];
      rows++;
    }
    isBusy = goesOn;
  }
  if (back > FEW_BACK * steps.length) return { ...NO_STAMPS, resolutionSec };
  const hasPeriods = rows > 0 && resolutionSec <= FINE_SHARE * (span / rows);
  if (!(span >= LEAST_SPAN_SEC)) {
    return { elapsedShare: null, shareError: 0, resolutionSec, isWaiting: false, hasPeriods };
  }
  const elapsedShare = elapsed / span;
  // Both ends of a stretch are rounded, evenly within the resolution.
  const shareError = (Math.sqrt(stretches / 6) * resolutionSec) / span;
  const middle = medianOf(steps.durationSec);
  const short = steps.durationSec.reduce((count, sec) => count + (sec < NO_TIME * middle ? 1 : 0), 0);
  const least = short > FEW * steps.length ? LEAST_SHARE_WITH_GAPS : LEAST_SHARE;
  return {
    elapsedShare,
    shareError,
    resolutionSec,
    isWaiting: elapsedShare + 3 * shareError < least,
    hasPeriods,
  };
};

/** To what stamps are rounded, s. */
export const resolutionOf = (ends: Float64Array): number => {
  for (const resolution of [1, 0.1, 0.01, 1e-3]) {
    if (ends.every((sec) => Math.abs(sec / resolution - Math.round(sec / resolution)) < 1e-4)) return resolution;
  }
  // Epoch seconds as doubles tell a quarter of a microsecond.
  return 1e-6;
};

/**
 * A log's steps with the time that is asked for, or (`auto`) the elapsed time, unless it is waiting: then the period.
 *
 * @throws Fault `step-model/elapsed-is-waiting` where only stamps too coarse for single steps could tell, `step-model/no-periods`
 */
export const timedSteps = (
  steps: StepColumns,
  asked: StepTime | 'auto',
  check: TimeCheck,
): { readonly steps: StepColumns; readonly time: StepTime } => {
  const { isWaiting, hasPeriods, elapsedShare } = check;
  const time = asked === 'auto' ? (isWaiting ? 'period' : 'elapsed') : asked;
  if (time === 'elapsed') return { steps, time };
  const ends = stepEnds(steps);
  if (hasPeriods && ends !== undefined) return { steps: stepPeriods(steps, ends, isWaiting), time };
  if (asked === 'period') {
    const rule = 'must be told by stamps finer than a step';
    throw new Fault('step-model/no-periods', { what: 'period of a step', rule, value: check.resolutionSec });
  }
  throw new Fault('step-model/elapsed-is-waiting', {
    what: 'elapsed time of the steps',
    rule: 'must be the time of steps, not of waiting for them',
    value: elapsedShare,
    hint: `${elapsedShare === null ? 'steps of no time stand among the others' : `it sums to ${(100 * elapsedShare).toFixed(0)} % of the busy time by the log's stamps`}, as under async scheduling: start the engine with --no-async-scheduling`,
  });
};
