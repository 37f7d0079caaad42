import { shareText } from '@stepclock/faults';
import { medianOf } from '@stepclock/numerics';
import { heldOutErrors } from '@stepclock/step-cost';
import type { TraceFit } from '../fit/trace-fit.js';

/** How good a model is, from stretches of the trace that it was not fitted on. */
export interface FitVerdict {
  readonly grade: 'good' | 'usable' | 'does not fit';
  /** Of the time of the stretches left out in turn, relative: median size, and all together. Null where there are too few. */
  readonly heldOutError: number | null;
  readonly heldOutBias: number | null;
  readonly sentence: string;
}

/** Errors of a good model, and of one that may still be used. */
const GOOD = 0.02;
const USABLE = 0.1;
/** A row may be off by this part of a step in a good model, and by this in a usable one. */
const GOOD_ROW = 0.5;
const USABLE_ROW = 1.5;
/** Fewer stretches tell no error. */
const FEWEST = 4;

/** The verdict on a fit. A fit that explains nothing of the time, or a step that takes far longer than its parts, is never more than "does not fit". */
export const fitVerdict = ({ windows, fitted, regression, r2, rms }: TraceFit): FitVerdict => {
  const errors = windows.length < FEWEST ? null : Array.from(heldOutErrors(windows, regression.of));
  const size = errors === null ? null : medianOf(errors.map(Math.abs));
  // A part that alone tells a coefficient is not predicted by the others at all.
  const predicted = errors === null ? [] : errors.flatMap((error, g) => (Math.abs(error) < 1 ? [{ error, g }] : []));
  const seconds = predicted.reduce((sum, { g }) => sum + windows[g].seconds, 0);
  const bias =
    predicted.length === 0
      ? null
      : predicted.reduce((sum, { error, g }) => sum + error * windows[g].seconds, 0) / seconds;
  const explains = (r2 === null || r2 > 0) && fitted.some(({ setAside }) => setAside === null);
  const within = (most: number, row: number): boolean => explains && rms <= row && (size ?? 0) <= most;
  // What was not tried on time that it has not seen is not called good.
  const isGood = size !== null && within(GOOD, GOOD_ROW);
  const grade = isGood ? 'good' : within(USABLE, USABLE_ROW) ? 'usable' : 'does not fit';
  const alone = (errors?.length ?? 0) - predicted.length;
  const besides = alone > 0 ? `; ${alone} of the parts can be predicted only with themselves in the fit` : '';
  const sentence = `${grade}: ${told(size, bias, rms, explains)}${besides}`;
  return { grade, heldOutError: size, heldOutBias: bias, sentence };
};

/** The verdict on a trace whose decodes speak for themselves. */
export const withoutClock = ({ sentence, ...rest }: FitVerdict): FitVerdict => ({
  ...rest,
  sentence: `${sentence}; the coefficients are those of a regression of the decodes without a clock`,
});

const told = (size: number | null, bias: number | null, rms: number, explains: boolean): string => {
  if (!explains) return 'the coefficients explain nothing of the time';
  if (size === null || bias === null)
    return `too short to leave a part out; rows are off by ${shareText(rms)} of a step`;
  const direction =
    Math.abs(bias) < size / 10
      ? 'neither high nor low'
      : `${shareText(Math.abs(bias))} too ${bias > 0 ? 'short' : 'long'} all together`;
  return `the time of parts left out of the fit is predicted within ${shareText(size)} (median; ${direction})`;
};
