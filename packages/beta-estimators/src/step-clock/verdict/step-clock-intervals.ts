/** Intervals of the coefficients, by label, s. */
export interface StepClockIntervals {
  readonly level: number;
  /** Null where nothing tells of a coefficient. */
  readonly byLabel: Readonly<Record<string, readonly [number, number] | null>>;
  /** In the order of the terms. */
  readonly covariance: readonly (readonly number[])[];
  /** Blocks that were left out in turn. */
  readonly blocks: number;
}

/**
 * Where some prompts were found in a cache, a token really computed may cost as much as those of the others do: the interval of beta1 reaches there.
 *
 * @param clouds what a token costs in the lower and in the upper cloud of prompts, over beta1; null where there is one
 */
export const reaching = (
  intervals: StepClockIntervals | null,
  clouds: readonly [number, number] | null,
): StepClockIntervals | null => {
  const pair = intervals?.byLabel.beta1;
  if (intervals === null || clouds === null || !pair) return intervals;
  return { ...intervals, byLabel: { ...intervals.byLabel, beta1: [pair[0], Math.max(1, clouds[1]) * pair[1]] } };
};
