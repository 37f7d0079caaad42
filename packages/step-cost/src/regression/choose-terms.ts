import type { Term } from '../terms/term.js';
import { narrowed } from '../windows/narrowed.js';
import { restated, type StepWindow, squaresUnder, withoutEach } from '../windows/step-window.js';
import { leastSquares } from './least-squares.js';
import { fitWithPriors } from './priors.js';

/** A term must lower the held-out loss by this share, and by so many standard errors of its mean logarithm. */
const LEAST_GAIN = 0.02;
const CLEAR = 2;
/** Held-out residuals of a smaller share of the time are rounding: nothing is left to explain. */
const ROUNDING = 1e-9;
/** Fewer windows tell no held-out loss. */
const FEWEST_WINDOWS = 10;

/** Held-out loss of each window under the fit on all others: `sum w r^2`. */
export const heldOutLoss = (windows: readonly StepWindow[], of: readonly number[]): Float64Array =>
  lossOn(windows, withoutEach(windows), of);

const lossOn = (windows: readonly StepWindow[], rest: readonly StepWindow[], of: readonly number[]): Float64Array =>
  Float64Array.from(windows, (window, g) => squaresUnder(window, fitWithPriors(rest[g], of).coefficients));

/**
 * Error of the time of each window under the fit on all others, `(measured - fitted) / measured`: weights are 1 / fitted seconds, so the stated fit
 * weighs a window's moments back to seconds.
 */
export const heldOutErrors = (windows: readonly StepWindow[], of: readonly number[]): Float64Array => {
  const { windows: own, at } = narrowed(windows, of);
  const rest = withoutEach(own);
  const asked = of.map((t) => at.indexOf(t));
  return Float64Array.from(own, (window, g) => {
    const { moment } = restated(window, fitWithPriors(rest[g], asked).coefficients);
    return window.reference.reduce((sum, b, t) => sum + b * moment[t], 0) / window.seconds;
  });
};

/** A term's family: numbered terms come and go together. */
const familyOf = ({ name }: Term): string => name.replace(/_\d+$/, '');

/**
 * Which families of candidates stay beside the terms that are in anyway: those that lower the held-out loss by at least 2 % and by two standard
 * errors of the log ratio, one after another in the order given. With fewer than ten windows none stays.
 *
 * @param windows of one engine
 * @param of terms that are in, by index
 * @param candidates by index
 * @param leastGain share by which the loss must fall; default 2 %
 * @returns all that are in, by index
 */
export const chosenTerms = (
  windows: readonly StepWindow[],
  of: readonly number[],
  candidates: readonly number[],
  leastGain: number = LEAST_GAIN,
): readonly number[] => {
  const [first] = windows;
  const present = candidates.filter((t) => windows.some(({ gram, terms }) => gram[t * terms.length + t] > 0));
  if (present.length === 0 || windows.length < FEWEST_WINDOWS) return of;
  const families = new Map<string, number[]>();
  for (const t of present) {
    const name = familyOf(first.terms[t]);
    families.set(name, [...(families.get(name) ?? []), t]);
  }
  const rest = withoutEach(windows);
  let chosen = of;
  let loss = lossOn(windows, rest, chosen);
  const zero = new Float64Array(first.terms.length);
  const whole = windows.reduce((sum, window) => sum + squaresUnder(window, zero), 0);
  const nothingLeft = (of: Float64Array): boolean => of.reduce((sum, v) => sum + v, 0) <= ROUNDING ** 2 * whole;
  for (const family of families.values()) {
    if (nothingLeft(loss)) break;
    const more = [...chosen, ...family].sort((a, b) => a - b);
    // Leaving windows out costs a fit of each: only where fitting each window to itself would be enough of a gain.
    if (!mayGain(windows, loss, more, leastGain)) continue;
    const lower = lossOn(windows, rest, more);
    if (!isBetter(loss, lower, leastGain)) continue;
    chosen = more;
    loss = lower;
  }
  return chosen;
};

const isBetter = (before: Float64Array, after: Float64Array, leastGain: number): boolean => {
  const ratios: number[] = [];
  for (let g = 0; g < before.length; g++)
    if (before[g] > 0 && after[g] > 0) ratios.push(Math.log(after[g] / before[g]));
  const n = ratios.length;
  if (n < FEWEST_WINDOWS) return false;
  const mean = ratios.reduce((sum, r) => sum + r, 0) / n;
  const variance = ratios.reduce((sum, r) => sum + (r - mean) ** 2, 0) / (n - 1);
  return mean < Math.log(1 - leastGain) && mean < -CLEAR * Math.sqrt(variance / n);
};

/** Whether terms could lower the loss by a share if each window were fitted by itself, which leaves less than any fit of others. */
const mayGain = (
  windows: readonly StepWindow[],
  loss: Float64Array,
  of: readonly number[],
  leastGain: number,
): boolean => {
  let sum = 0;
  let n = 0;
  for (const [g, window] of windows.entries()) {
    if (!(loss[g] > 0)) continue;
    const least = leastSquares(window, of);
    if (!(least > 0)) return true;
    sum += Math.log(least / loss[g]);
    n++;
  }
  return !(sum / n >= Math.log(1 - leastGain));
};
