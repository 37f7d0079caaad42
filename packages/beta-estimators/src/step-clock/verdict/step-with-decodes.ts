import { fitWindows, mergeWindows, REBUILT_STEPS_FLOOR_SHARE, termsNamed } from '@stepclock/step-cost';
import type { TraceFit } from '../fit/trace-fit.js';

/** A step's fixed part with the decodes that it had on average: what is known where the two cannot be told apart. */
export interface StepWithDecodes {
  readonly decodes: number;
  /** beta0 + decodes beta2. */
  readonly seconds: number;
  readonly interval: readonly [number, number];
}

const [STEP, DECODES] = termsNamed(['step', 'decode_seqs']);

/**
 * Fits the rows without a cost of a decode: steps that all have about as many decodes tell the sum.
 *
 * @param level of the interval
 * @returns undefined where no cost of a decode was fitted, or there is still no interval
 */
export const stepWithDecodes = (
  { windows, columns, regression }: Pick<TraceFit, 'windows' | 'columns' | 'regression'>,
  level: number,
): StepWithDecodes | undefined => {
  const [step, decodes] = [columns.pooled.indexOf(STEP), columns.pooled.indexOf(DECODES)];
  if (!regression.of.includes(decodes)) return undefined;
  const choice = regression.of.filter((t) => t !== decodes);
  const { coefficients, intervals } = fitWindows(windows, { choice, level, floorShare: REBUILT_STEPS_FLOOR_SHARE });
  const interval = intervals?.byTerm[step];
  if (!interval) return undefined;
  const { sums, steps } = mergeWindows(windows);
  return { decodes: sums[decodes] / steps, seconds: coefficients[step], interval };
};
