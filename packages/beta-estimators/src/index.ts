export { type BaselineDiagnostics, type BaselineEstimate, estimateBaseline } from './baseline.js';
export type { EstimateHistory, EstimateWarning, LinearBetas } from './estimate.js';
export { EstimatorError, type EstimatorErrorCode } from './estimator-error.js';
export { estimateIterative, type IterativeDiagnostics, type IterativeEstimate } from './iterative.js';
export type { BaselineOptions, IterativeCorrectionMode, IterativeOptions } from './published-options.js';
