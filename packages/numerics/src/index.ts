export { type RandomSource, seededRandom } from './chance/seeded-random.js';
export { shuffled } from './chance/shuffled.js';
export { fUpperTail } from './distributions/f-distribution.js';
export { tQuantile, tUpperTail } from './distributions/student-t.js';
export { choleskyFactor, solveLowerInPlace, solveUpperInPlace } from './factorisation/cholesky.js';
export { inverseOfFactored } from './factorisation/inverse-of-factored.js';
export { backSubstitute, type DependentColumn, inverseOfUpper, pivotedQr } from './factorisation/pivoted-qr.js';
export { emptyFactor, stackBlock } from './factorisation/stacked-qr.js';
export { type Evaluation, type MinimiseOptions, type Minimum, minimise } from './minimise/minimise.js';
export {
  MAD_TO_SD,
  medianOf,
  quantileOf,
  quantileSorted,
  robustSd,
  selectQuantile,
  selectRank,
  sortedCopy,
} from './order/quantile.js';
export { CompensatedSum, compensatedSum, meanOf, roundingOf } from './sums/compensated-sum.js';
