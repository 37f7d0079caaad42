import { tUpperTail } from '@stepclock/numerics';
import type { StepWindow } from '@stepclock/step-cost';

/** How far an engine's step time moved from the first of its windows to the last, under one model of all. */
export interface Drift {
  /** Of the step time, over the whole time; above 0: slower in the end. */
  readonly share: number;
  readonly standardError: number;
  /** Chance of as much without a drift. */
  readonly probability: number;
}

/** Fewer windows tell a slope from their own scatter badly. */
const FEWEST = 10;

/**
 * The slope of measured over fitted time by time, least squares weighted by the time of a window; Student's t of n - 2 degrees of freedom (Draper and
 * Smith 1998, chapter 1).
 *
 * @param windows in the order of time
 * @returns null with fewer than ten windows
 */
export const drift = (windows: readonly StepWindow[], coefficients: Float64Array): Drift | null => {
  const n = windows.length;
  if (n < FEWEST) return null;
  const fitted = windows.map(({ sums }) => sums.reduce((total, sum, t) => total + sum * coefficients[t], 0));
  const off = windows.map(({ seconds }, i) => seconds / fitted[i] - 1);
  const whole = fitted.reduce((a, b) => a + b, 0);
  let before = 0;
  // From -1/2 to 1/2, by the engine's busy time.
  const at = fitted.map((seconds) => {
    before += seconds;
    return (before - seconds / 2) / whole - 0.5;
  });
  const meanOf = (values: readonly number[]): number => values.reduce((sum, x, i) => sum + fitted[i] * x, 0) / whole;
  const [meanAt, meanOff] = [meanOf(at), meanOf(off)];
  const spread = meanOf(at.map((x) => (x - meanAt) ** 2));
  const share = meanOf(at.map((x, i) => (x - meanAt) * (off[i] - meanOff))) / spread;
  const rest = meanOf(off.map((y, i) => (y - meanOff - share * (at[i] - meanAt)) ** 2));
  const standardError = Math.sqrt(rest / (n - 2) / spread);
  if (!(standardError > 0)) return { share, standardError: 0, probability: share === 0 ? 1 : 0 };
  return { share, standardError, probability: 2 * tUpperTail(Math.abs(share) / standardError, n - 2) };
};
