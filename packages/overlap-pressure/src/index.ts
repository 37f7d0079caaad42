export { activeCount, activeSum, runningSum } from './active-sum.js';
export { missingTokens, stepCounts } from './chunked-prefill.js';
export { type Exposures, exposures } from './exposures.js';
export { addLastSteps, type LastSteps, lastStepCorrection, lastSteps } from './last-step-correction.js';
export { type Concurrency, type LoadSummary, loadSummary } from './load-summary.js';
export { OverlapError, type OverlapErrorCode } from './overlap-error.js';
export {
  beginSpan,
  emptyPrefixSums,
  type PrefixSums,
  prefixIntegral,
  prefixSum,
  SPAN,
  SPAN_BITS,
  sumBetween,
} from './prefix-sum.js';
export { type FullPressures, fullPressures } from './pressures.js';
export { sortedOrder } from './sorted-order.js';
export { type StaticCorrectionMode, staticCorrection } from './static-correction.js';
export { type TimeGrid, timeGrid } from './time-grid.js';
