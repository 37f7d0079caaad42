import { type RowRange, rowBlocks } from '../rows/row-blocks.js';
import { inverseSeconds, type RowTable } from '../rows/row-table.js';
import { type StepWindow, type Weighting, windowOf, windowsOf } from '../windows/step-window.js';
import { type FitWindowsOptions, fitWindows, type WindowsFit } from './fit-windows.js';
import { fitWithPriors } from './priors.js';

/** Blocks of a log that is one window: enough for Student's t, long enough to outlast what correlates. */
const BLOCKS = 20;
/** Passes that settle weights which depend on the fit. */
const WEIGHT_PASSES = 2;

export interface FitRowsOptions extends FitWindowsOptions {
  /** Default `inverse-seconds`. */
  readonly weighting?: Weighting;
  /** Where the rows are cut into windows; default: twenty contiguous blocks of about equal steps. */
  readonly blocks?: readonly RowRange[];
}

export interface RowsFit extends WindowsFit {
  /** The windows that were fitted: what of the rows is kept. */
  readonly windows: readonly StepWindow[];
  /** By row. */
  readonly weights: Float64Array;
}

/**
 * Fits rows: weights by the fit itself (made by the measured seconds first, then by the fitted ones), then the regression of the blocks' windows,
 * y as the residual from the last pass.
 *
 * @throws Fault `step-cost/no-rows`
 */
export const fitRows = (rows: RowTable, options: FitRowsOptions = {}): RowsFit => {
  const { weighting = 'inverse-seconds', blocks = rowBlocks(rows, BLOCKS) } = options;
  const every = rows.terms.map((_, t) => t);
  const even = (): Float64Array => Float64Array.from(rows.steps, (k) => (k > 0 ? 1 : 0));
  let weights = weighting === 'none' ? even() : inverseSeconds(rows);
  let coefficients: Float64Array = new Float64Array(every.length);
  for (let pass = 0; pass < WEIGHT_PASSES; pass++) {
    coefficients = fitWithPriors(
      windowOf(rows, weights, coefficients, [0, rows.length], weighting),
      every,
    ).coefficients;
    if (weighting !== 'none') weights = inverseSeconds(rows, coefficients);
  }
  const windows = windowsOf(rows, weights, coefficients, blocks, weighting).filter((window) => window.rows > 0);
  return { ...fitWindows(windows, options), windows, weights };
};
