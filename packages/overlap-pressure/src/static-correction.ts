import { activeSum } from './active-sum.js';
import type { TimeGrid } from './time-grid.js';

/** Where the tokens that last chunks lack are taken off the pressure, when that needs no coefficients. */
export type StaticCorrectionMode = 'end' | 'uniform' | 'none';

/**
 * The correction rate `c(t)` on every segment, tokens/s. Its integral over the trace is the sum of `missing`.
 *
 * - `end`: all on the segment that contains the phase's end: the one that starts there; the trace's last one for its end;
 * - `uniform`: evenly over the phase;
 * - `none`: zero.
 *
 * @param missing tokens that the last chunk of each phase lacks (`missingTokens`)
 */
export const staticCorrection = (mode: StaticCorrectionMode, grid: TimeGrid, missing: Float64Array): Float64Array => {
  switch (mode) {
    case 'none':
      return new Float64Array(grid.segmentCount);
    case 'end':
      return endCorrection(grid, missing);
    case 'uniform':
      return uniformCorrection(grid, missing);
  }
};

const endCorrection = ({ endIndex, segmentSec, segmentCount }: TimeGrid, missing: Float64Array): Float64Array => {
  const rate = new Float64Array(segmentCount);
  for (let i = 0; i < missing.length; i++) {
    const j = Math.min(endIndex[i], segmentCount - 1);
    rate[j] = rate[j] + missing[i];
  }
  for (let j = 0; j < segmentCount; j++) rate[j] = rate[j] / segmentSec[j];
  return rate;
};

const uniformCorrection = (grid: TimeGrid, missing: Float64Array): Float64Array => {
  const { timesSec, startIndex, endIndex } = grid;
  const rate = new Float64Array(missing.length);
  for (let i = 0; i < rate.length; i++) {
    const length = timesSec[endIndex[i]] - timesSec[startIndex[i]];
    rate[i] = missing[i] / length;
  }
  return activeSum(grid, rate);
};
