export { type NnlsOptions, type NnlsResult, nnls, nnlsColumns, nnlsReduced } from './nnls.js';
export { NnlsError, type NnlsErrorCode } from './nnls-error.js';
export {
  type BlockSource,
  mergeReduced,
  type ReducedRows,
  type ReduceOptions,
  reduceBlocks,
  reduceRows,
} from './reduce-rows.js';
