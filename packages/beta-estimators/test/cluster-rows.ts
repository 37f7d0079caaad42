import type { ClusterRows } from '../src/step-clock/clusters.js';
import type { StepBetas } from '../src/step-clock/row-fit.js';

/** Steps, prefill tokens, mean decodes and mean context of a step. */
export type ListedRow = readonly [steps: number, prefillTokens: number, decodes: number, context: number];

export const BETA: StepBetas = [6e-3, 2e-5, 1.2e-4, 1e-7];

/** Rows that last as long as the coefficients say, plus `off` seconds each, which is all of their time unless `onTop`. */
export const rowsOf = (
  list: readonly ListedRow[],
  beta: StepBetas,
  off: readonly number[] = list.map(() => 0),
  onTop = off.every((v) => v === 0),
): ClusterRows => ({
  length: list.length,
  seconds: Float64Array.from(list, ([k, p, n, c], i) => {
    const own = off[i];
    return onTop ? own + beta[0] * k + beta[1] * p + beta[2] * k * n + beta[3] * k * c : own;
  }),
  steps: Float64Array.from(list, ([k]) => k),
  prefillTokens: Float64Array.from(list, ([, p]) => p),
  decodeTokens: Float64Array.from(list, ([k, , n]) => k * n),
  contextTokens: Float64Array.from(list, ([k, , , c]) => k * c),
});

/** Rows whose columns vary independently. */
export const variedRows = (count: number, context: boolean): ListedRow[] =>
  Array.from(
    { length: count },
    (_, i): ListedRow => [
      1 + (i % 7),
      i % 3 === 0 ? 100 + 37 * (i % 29) : 0,
      (i * 5) % 17,
      context ? 1000 + 700 * ((i * 11) % 13) : 0,
    ],
  );
