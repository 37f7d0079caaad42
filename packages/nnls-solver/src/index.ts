export type { NnlsFaultCode } from './fault.js';
export { type NnlsOptions, type NnlsResult, nnls, nnlsColumns, nnlsReduced } from './nnls.js';
export {
  type BlockSource,
  mergeReduced,
  type ReducedRows,
  type ReduceOptions,
  reduceBlocks,
  reduceRows,
} from './reduce-rows.js';
