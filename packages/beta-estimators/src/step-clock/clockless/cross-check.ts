import { shareText } from '@stepclock/faults';
import { medianOf } from '@stepclock/numerics';
import { BASE_TERMS, type Betas, betasOf, heldOutErrors, type RowsFit } from '@stepclock/step-cost';
import type { EstimateWarning } from '../../estimate.js';
import type { TraceFit } from '../fit/trace-fit.js';
import type { TraceColumns } from '../trace/trace-columns.js';
import type { StepClockIntervals } from '../verdict/step-clock-intervals.js';
import { clocklessFit } from './clockless-fit.js';

/** What the decodes say of a step without a clock. */
export interface CrossCheck {
  readonly betas: Betas;
  readonly intervals: Readonly<Record<string, readonly [number, number] | null>> | null;
  /** Of the time of decodes left out in turn, by blocks: median size, relative. */
  readonly heldOutError: number;
  /** Of the time of the mean step of the clock: (this - clock) / clock. */
  readonly difference: number;
}

/** Checks a clock, and stands in for it where it is not believed. */
export interface ClocklessCheck {
  readonly check: CrossCheck;
  readonly fit: RowsFit;
}

/** Phases spread evenly are an approximation, and wrong counts bias: coefficients are within a fifth (simulated engines, outputs counted up to a fifth off). */
const FLOOR_SHARE = 0.1;

/** The regression without a clock, and how far it is from what the clock says; undefined where too few decodes tell. */
export const clocklessCheck = (
  parts: readonly TraceColumns[],
  level: number,
  { windows }: Pick<TraceFit, 'windows'>,
): ClocklessCheck | undefined => {
  // The terms that the clock has as well: whatever one of them lacks, others take over.
  const own = BASE_TERMS.filter((term) => windows[0]?.terms.includes(term));
  const fit = clocklessFit(parts, own, { level, floorShare: FLOOR_SHARE });
  if (fit === undefined) return undefined;
  const { terms } = fit.windows[0];
  const measured = windows.reduce((sum, { seconds }) => sum + seconds, 0);
  const told = terms.reduce(
    (sum, term, t) =>
      sum + fit.coefficients[t] * windows.reduce((held, window) => held + window.sums[window.terms.indexOf(term)], 0),
    0,
  );
  const check = {
    betas: betasOf(terms, fit.coefficients),
    intervals:
      fit.intervals && Object.fromEntries(terms.map(({ label }, t) => [label, fit.intervals?.byTerm[t] ?? null])),
    heldOutError: medianOf(heldOutErrors(fit.windows, fit.of).map(Math.abs)),
    difference: told / measured - 1,
  };
  return { check, fit };
};

/** A clock that does not fit gives way where decodes by themselves are predicted this well, and so much better. */
const PREDICTS = 0.05;
const BETTER = 0.5;

export const standsIn = (check: CrossCheck, clockError: number | null): boolean =>
  check.heldOutError < PREDICTS && (clockError === null || check.heldOutError < BETTER * clockError);

/** The intervals of a fit without a clock. */
export const clocklessIntervals = ({ intervals, windows: [{ terms }] }: RowsFit): StepClockIntervals | null => {
  if (intervals === null) return null;
  const { level, byTerm, covariance, windows } = intervals;
  const p = terms.length;
  return {
    level,
    byLabel: Object.fromEntries(terms.map(({ label }, t) => [label, byTerm[t]])),
    covariance: terms.map((_, i) => terms.map((__, j) => covariance[i * p + j])),
    blocks: windows,
  };
};

/**
 * What is said of a clock that the decodes contradict, or that they stand in for.
 *
 * @param gaveWay whether counts of the clock gave way: the regression, which takes every count as it is, is then known to be off
 */
export const crossCheckWarnings = (
  check: CrossCheck | null,
  isFallback: boolean,
  gaveWay: boolean,
): EstimateWarning[] => {
  if (check === null) return [];
  const { difference, heldOutError } = check;
  if (isFallback) {
    return [
      {
        code: 'no-clock',
        message: `no clock fits this trace (counts that are not the engine's own, times coarser than a step, several engines): the coefficients are those of a regression of the decodes without a clock, which predicts decodes left out within ${shareText(heldOutError)} (median), and its intervals are wider`,
      },
    ];
  }
  // Less than what the regression itself may be off contradicts no clock.
  if (gaveWay || !(Math.abs(difference) > FLOOR_SHARE)) return [];
  return [
    {
      code: 'clocks-disagree',
      message: `a regression of the decodes without a clock makes the mean step ${shareText(Math.abs(difference))} ${difference > 0 ? 'longer' : 'shorter'}: one of the two is misled, the regression by tokens that came late or by prefill that decodes did not see, the clock by wrong counts`,
    },
  ];
};
