export { activeCount, activeSum, runningSum } from './active-sum.js';
export { missingTokens, stepCounts } from './chunked-prefill.js';
export { type Exposures, exposures } from './exposures.js';
export type { OverlapFaultCode } from './fault.js';
export { type LastSteps, lastStepCorrection, lastSteps } from './last-step-correction.js';
export { type Concurrency, type LoadSummary, loadSummary } from './load-summary.js';
export {
  emptyPrefixSums,
  type PrefixSums,
  prefixIntegral,
  prefixSum,
  sumBetween,
  sumOverPhases,
} from './prefix-sum.js';
export { type FullPressures, fullPressures } from './pressures.js';
export { sortedOrder } from './sorted-order.js';
export { type StaticCorrectionMode, staticCorrection } from './static-correction.js';
export { type TimeGrid, timeGrid } from './time-grid.js';
