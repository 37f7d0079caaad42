import {
  fittedColumn,
  type RowRange,
  type RowTable,
  rowBlocks,
  type StepWindow,
  windowsOf,
} from '@stepclock/step-cost';
import type { Noise } from './noise.js';
import { farRows, stepResiduals } from './row-weights.js';

/** What a window's rows add up to, those that tell nothing or lie far out put aside. */
export interface WindowSums {
  /** One, or several blocks. */
  readonly windows: readonly StepWindow[];
  /** Rows that tell of a step's time, and those of them put aside. */
  readonly rows: number;
  readonly aside: number;
  /** Rows put aside that took far longer than fitted, the seconds that they took beyond, and those that took far less. */
  readonly slow: number;
  readonly stalledSec: number;
  readonly fast: number;
  /** Of the rows that were kept: seconds and their squares, steps, squares of residuals, and of residuals relative to a step. */
  readonly seconds: number;
  readonly secondsSquared: number;
  readonly steps: number;
  readonly residualSquared: number;
  readonly relativeSquared: number;
}

/**
 * Sums up a window's rows.
 *
 * @param coefficients under which rows are judged
 * @param given weights before rows far out are put aside
 * @param noise of steps and of prefill, by which rows lie far out
 * @param blocks into how many step windows the rows are cut
 */
export const windowSums = (
  rows: RowTable,
  coefficients: Float64Array,
  given: Float64Array,
  noise: Pick<Noise, 'step' | 'prefill'>,
  blocks: number,
): WindowSums => {
  const fitted = fittedColumn(rows, coefficients);
  const residuals = stepResiduals(rows, fitted);
  const far = farRows(rows, coefficients, given, fitted, residuals, noise);
  const weights = given.slice();
  const sums = { seconds: 0, secondsSquared: 0, steps: 0, residualSquared: 0, relativeSquared: 0 };
  const counts = { rows: 0, aside: 0, slow: 0, fast: 0, stalledSec: 0 };
  for (let i = 0; i < rows.length; i++) {
    if (!(given[i] > 0)) continue;
    const seconds = rows.seconds[i];
    const off = seconds - fitted[i];
    counts.rows++;
    if (far[i] === 0) {
      sums.seconds += seconds;
      sums.secondsSquared += seconds * seconds;
      sums.steps += rows.steps[i];
      sums.residualSquared += off * off;
      sums.relativeSquared += residuals[i] ** 2;
      continue;
    }
    weights[i] = 0;
    counts.aside++;
    if (far[i] < 0) counts.fast++;
    else {
      counts.slow++;
      counts.stalledSec += off;
    }
  }
  const windows = windowsOf(rows, weights, coefficients, blocksOf(rows, weights, blocks));
  return { windows: windows.filter((window) => window.rows > 0), ...counts, ...sums };
};

/** Blocks of about equal steps. Rows that take no part must not make blocks of their own. */
const blocksOf = ({ length, steps }: RowTable, weights: Float64Array, blocks: number): readonly RowRange[] =>
  blocks === 1 ? [[0, length]] : rowBlocks({ length, steps: steps.map((k, i) => (weights[i] > 0 ? k : 0)) }, blocks);
