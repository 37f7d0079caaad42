export { chosenTerms, heldOutErrors, heldOutLoss } from './regression/choose-terms.js';
export { type FitRowsOptions, fitRows, type RowsFit } from './regression/fit-rows.js';
export { fitWindow, type WindowFit } from './regression/fit-window.js';
export {
  type FitWindowsOptions,
  fitWindows,
  REBUILT_STEPS_FLOOR_SHARE,
  type WindowsFit,
} from './regression/fit-windows.js';
export { type ConfusedPair, type Identifiability, identifiability } from './regression/identifiability.js';
export { type CoefficientIntervals, coefficientIntervals, FEWEST_WINDOWS } from './regression/intervals.js';
export { fitWithPriors } from './regression/priors.js';
export { STALL_RULE, stallsOf } from './regression/stalls.js';
export { type RowRange, rowBlocks } from './rows/row-blocks.js';
export {
  fittedColumn,
  fittedSeconds,
  inverseSeconds,
  type RowTable,
  residualSeconds,
  rowsOf,
} from './rows/row-table.js';
export { knownTerms, type StretchColumns, stretchReader } from './rows/stretch-columns.js';
export { BASE_TERMS } from './terms/base-terms.js';
export { CAPTURED_SIZES, CURVE_TERMS, capturedBatchTerms } from './terms/batch-terms.js';
export { type Betas, betasOf, type StepCost, stepCost, stepSeconds } from './terms/betas.js';
export { CATALOGUE, termOf, termsNamed } from './terms/catalogue.js';
export { type DividedCost, dividedCost, isOfPrefill } from './terms/divided-cost.js';
export { DIAGNOSTIC_TERMS, PREFILL_TERMS } from './terms/prefill-terms.js';
export { emptyStretch, type StepComposition, type Stretch, type StretchFact, stretchOfStep } from './terms/stretch.js';
export type { Term } from './terms/term.js';
export {
  mergeWindows,
  restated,
  type StepWindow,
  standingFor,
  type Weighting,
  windowOf,
  windowsOf,
  withoutEach,
} from './windows/step-window.js';
export { readWindows, type WindowsFile, windowsFile, windowsOn, windowsSchema } from './windows/windows-file.js';
