export { gaussSolve } from './gauss-solve.js';
export { workbook } from './workbook.js';
