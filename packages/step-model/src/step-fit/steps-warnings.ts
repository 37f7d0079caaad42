import { shareText } from '@stepclock/faults';
import type { Identifiability } from '@stepclock/step-cost';
import type { LogHalves } from './halves.js';
import type { StepsWarning } from './steps-fit.js';

/** What a user of the fit must know. */
export const stepsWarnings = (found: {
  readonly empty: number;
  readonly untimed: number;
  readonly incomplete: number;
  readonly identifiability: Identifiability;
  readonly hasIntervals: boolean;
  readonly halves: LogHalves | null;
}): readonly StepsWarning[] => {
  const { empty, untimed, incomplete, hasIntervals, halves } = found;
  const { absent, atBound, dependent } = found.identifiability;
  const warnings: StepsWarning[] = [];
  const warn = (code: StepsWarning['code'], message: string): void => void warnings.push({ code, message });
  if (empty > 0) warn('empty-steps', `${empty} steps without tokens are left out.`);
  if (untimed > 0) warn('untimed-steps', `${untimed} steps that took no time are left out.`);
  if (incomplete > 0) {
    warn('incomplete-steps', `${incomplete} steps are left out: they lack what the log tells of the others.`);
  }
  for (const label of absent) {
    warn('unidentified-coefficient', `${label} cannot be told: its tokens are zero in every step. It is set to 0.`);
  }
  if (dependent) {
    warn(
      'not-identifiable',
      'The step log does not tell the coefficients apart: what its steps hold rises and falls together. The fitted durations stand, the single coefficients do not.',
    );
  }
  for (const label of atBound) warn('held-at-zero', `${label} is held at 0; without the bound it would be negative.`);
  if (!(hasIntervals || dependent)) {
    warn('no-intervals', 'the log is too short for intervals: fewer than 10 blocks of steps');
  }
  if (halves?.drifted) {
    const { firstSec, differenceSec, withinSec } = halves;
    const share = (sec: number): string => shareText(sec / firstSec);
    warn(
      'engine-drifted',
      `The engine drifted: the log's mean step takes ${share(differenceSec)} more by its second half than by its first, where halves that are alike stay within ${share(withinSec)}.`,
    );
  }
  return warnings;
};
