import { medianOf } from '@stepclock/numerics';
import type { WindowSums } from '../rows/window-sums.js';

/** Why a window takes no part in the fit. */
export type SetAside = 'too few rows' | 'no fixed cost' | 'large residual' | 'many rows far out';

/** A window is set aside where its residual is above this many times the log's median, or more than this share of its rows lie far out. */
const TIMES_MEDIAN = 2;
const MOST_ASIDE = 0.1;
/** Of a step: no log shows less. */
const LEAST_RESIDUAL = 0.01;
/** Fewer rows tell nothing by themselves. */
const LEAST_ROWS = 8;
/** Among fewer windows a median tells nothing. */
const LEAST_WINDOWS = 4;

/**
 * Why each window is set aside; null: it takes part.
 *
 * @param fixedSec by window: beta0 of a fit of it alone
 */
export const judgedWindows = (
  windows: readonly WindowSums[],
  fixedSec: (w: number) => number,
): readonly (SetAside | null)[] => {
  if (windows.length < LEAST_WINDOWS) return windows.map(() => null);
  const residuals = windows.map(({ relativeSquared, rows, aside }) =>
    Math.sqrt(relativeSquared / Math.max(rows - aside, 1)),
  );
  const limit = TIMES_MEDIAN * Math.max(LEAST_RESIDUAL, medianOf(residuals));
  return windows.map(({ rows, aside }, w) => {
    if (rows - aside < LEAST_ROWS) return 'too few rows';
    if (!(fixedSec(w) > 0)) return 'no fixed cost';
    if (residuals[w] > limit) return 'large residual';
    return aside > MOST_ASIDE * rows ? 'many rows far out' : null;
  });
};
