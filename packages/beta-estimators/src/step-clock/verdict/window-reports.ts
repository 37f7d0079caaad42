import { type Betas, betasOf } from '@stepclock/step-cost';
import type { PhaseTable } from '@stepclock/trace-io';
import type { SetAside } from '../fit/judged-windows.js';
import type { WindowFit } from '../fit/pooled-windows.js';
import { type BaseFit, baseFit } from '../rows/base-fit.js';
import type { TraceWindow } from '../trace/cut-windows.js';

/** One window of the trace, under the clock of the last pass. */
export interface WindowReport {
  /** On the trace's clock. */
  readonly startSec: number;
  readonly endSec: number;
  /** Steps of the rows that were kept, and the rows. */
  readonly steps: number;
  readonly rows: number;
  /** Base terms of a fit of this window by itself; null where nothing is left of it. */
  readonly betas: Betas | null;
  /** Root mean square residual of a row under the coefficients of all windows, relative to a step. */
  readonly relativeResidual: number;
  /** Why it takes no part in the fit; null: it does. */
  readonly setAside: SetAside | null;
}

/** The windows of a fit, in the order of time. */
export const windowReports = (phases: PhaseTable, fitted: readonly WindowFit[]): readonly WindowReport[] =>
  fitted
    .map(({ parts, sums, setAside }) => ({
      ...extentOf(phases, parts),
      steps: sums.steps,
      rows: sums.rows - sums.aside,
      betas: ownBetas(baseFit(sums.windows)),
      relativeResidual: Math.sqrt(sums.relativeSquared / Math.max(sums.rows - sums.aside, 1)),
      setAside,
    }))
    .sort((a, b) => a.startSec - b.startSec);

const extentOf = ({ startSec, endSec }: PhaseTable, parts: TraceWindow): Pick<WindowReport, 'startSec' | 'endSec'> => {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { window, rows } of parts) {
    for (const i of rows) {
      first = Math.min(first, Math.max(startSec[i], window[0]));
      last = Math.max(last, Math.min(endSec[i], window[1]));
    }
  }
  return { startSec: first, endSec: last };
};

const ownBetas = (fit: BaseFit | null): Betas | null => fit && betasOf(fit.terms, fit.coefficients);
