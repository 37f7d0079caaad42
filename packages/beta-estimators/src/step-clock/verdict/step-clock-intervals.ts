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
