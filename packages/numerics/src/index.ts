export { type RandomSource, seededRandom } from './chance/seeded-random.js';
export { shuffled } from './chance/shuffled.js';
export { medianOf, quantileOf, quantileSorted, robustSd, selectQuantile, sortedCopy } from './order/quantile.js';
export { CompensatedSum, compensatedSum, meanOf, roundingOf } from './sums/compensated-sum.js';
