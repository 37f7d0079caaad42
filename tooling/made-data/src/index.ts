export { gaussSolve } from './gauss-solve.js';
export { STREAMED_COST, type StreamedCase, type StreamedRun, streamedRun } from './streamed-run.js';
export { workbook } from './workbook.js';
