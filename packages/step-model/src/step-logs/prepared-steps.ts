import type { StepColumns } from '../step-columns.js';
import { countsOwnToken, hasStepsOfNoTime, isMixedLog, rowShift, unshifted, withoutOwnToken } from './log-traps.js';
import { checkTime, type StepTime, type TimeCheck, timedSteps } from './step-time.js';

/** What a step log was found to say, and how it is read because of it. */
export interface LogReading {
  /** The time that is fitted. */
  readonly time: StepTime;
  readonly clock: TimeCheck;
  /** By how many rows times lay behind the work. */
  readonly shift: -1 | 0 | 1;
  /** Whether decodes counted their own token in the context. */
  readonly ownToken: boolean;
  /** Whether its steps overlap, or are not in order: no single engine's. */
  readonly isMixed: boolean;
}

export interface ReadingOptions {
  readonly time?: StepTime | 'auto';
}

export interface ReadingWarning {
  readonly code:
    | 'elapsed-is-waiting'
    | 'elapsed-below-period'
    | 'rows-shifted'
    | 'context-counts-own-token'
    | 'ranks-in-lockstep'
    | 'steps-overlap';
  readonly message: string;
}

/** Below this share elapsed times and periods are worth a word. */
const WORTH_A_WORD = 0.97;

/** How the steps of one engine must be read: their time, what row it stands in, what a context counts. @throws Fault as `timedSteps` */
export const readingOf = (steps: StepColumns, { time = 'auto' }: ReadingOptions = {}): LogReading => {
  const told = checkTime(steps);
  const clock = told.elapsedShare === null && hasStepsOfNoTime(steps) ? { ...told, isWaiting: true } : told;
  const { steps: timed, time: fitted } = timedSteps(steps, time, clock);
  const isMixed = isMixedLog(steps, clock);
  return { time: fitted, clock, shift: isMixed ? 0 : rowShift(timed), ownToken: countsOwnToken(steps), isMixed };
};

/** Steps as a reading of their log has them. @throws Fault as `timedSteps` */
export const readSteps = (steps: StepColumns, { time, clock, shift, ownToken }: LogReading): StepColumns => {
  const right = unshifted(timedSteps(steps, time, clock).steps, shift);
  return ownToken ? withoutOwnToken(right) : right;
};

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** What of a reading a user must know. @param ranks that wait for each other in each step */
export const readingWarnings = (
  { time, clock, shift, ownToken, isMixed }: LogReading,
  ranks?: number,
): readonly ReadingWarning[] => {
  const warnings: ReadingWarning[] = [];
  const share = clock.elapsedShare;
  if (clock.isWaiting && time === 'period') {
    warnings.push({
      code: 'elapsed-is-waiting',
      message: `The elapsed times are of waiting for steps (async scheduling)${share === null ? '' : `: they sum to ${percent(share)} of the busy time`}. The periods between the steps' ends are fitted; --no-async-scheduling makes the engine log its steps.`,
    });
  } else if (time === 'elapsed' && share !== null && share + 3 * clock.shareError < WORTH_A_WORD) {
    warnings.push({
      code: 'elapsed-below-period',
      message: `The elapsed times sum to ${percent(share)} of the busy time: requests also wait for what the engine does between two steps. ${clock.hasPeriods ? '--time period fits that.' : 'The log has no stamps fine enough to fit it.'}`,
    });
  }
  if (isMixed) {
    warnings.push({
      code: 'steps-overlap',
      message:
        'The steps take longer than the time that passed by their stamps, or their numbers go back and forth: several engines that the log does not name, stages of a pipeline, rows twice, or times in another unit. They are fitted as those of one engine.',
    });
  }
  if (shift !== 0) {
    warnings.push({
      code: 'rows-shifted',
      message: `A row tells the time of the step ${shift > 0 ? 'before' : 'after'} it: by the other rows' times its steps fit twice as well or better. The times are shifted back.`,
    });
  }
  if (ownToken) {
    warnings.push({
      code: 'context-counts-own-token',
      message: 'The context of a decode counts the token that it computes; one a decode is taken off.',
    });
  }
  if (ranks !== undefined) {
    warnings.push({
      code: 'ranks-in-lockstep',
      message: `The log's ${ranks} ranks wait for each other: their rows end together and tell the same time. A step is one row, with the longest of its times and the work of the rank that is the slowest by the fit.`,
    });
  }
  return warnings;
};
