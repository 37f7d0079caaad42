export { type NnlsOptions, type NnlsResult, nnls, nnlsColumns, nnlsReduced } from './nnls.js';
export { NnlsError, type NnlsErrorCode } from './nnls-error.js';
export { mergeReduced, type ReducedRows, type ReduceOptions, reduceRows } from './reduce-rows.js';
