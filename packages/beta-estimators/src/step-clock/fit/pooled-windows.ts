import { medianOf } from '@stepclock/numerics';
import { BASE_TERMS, fitWithPriors, mergeWindows, type StepWindow } from '@stepclock/step-cost';
import { tooFewClusters } from '../clock/require-counts.js';
import { baseFit } from '../rows/base-fit.js';
import type { Noise } from '../rows/noise.js';
import type { WindowSums } from '../rows/window-sums.js';
import type { TraceWindow } from '../trace/cut-windows.js';
import { judgedWindows, type SetAside } from './judged-windows.js';

/** What is kept of a window when its clock is not needed any more. */
export interface WindowFit {
  readonly parts: TraceWindow;
  readonly sums: WindowSums;
  readonly noise: Pick<Noise, 'step' | 'prefill'>;
  /** Segments that would have run backwards. */
  readonly held: number;
  readonly whole: boolean;
  /** Null: it takes part. */
  readonly setAside: SetAside | null;
}

/** All windows of a pass together. */
export interface PooledWindows {
  /** By term of the windows; 0 for those that are not in. */
  readonly coefficients: Float64Array;
  /** The sums of the good windows. */
  readonly windows: readonly StepWindow[];
  readonly fitted: readonly WindowFit[];
  /** Typical of a window. */
  readonly noise: Pick<Noise, 'step' | 'prefill'>;
  /** Of the rows kept: root mean square residual, relative to a step; r2 of the seconds (null where all are equal); s. */
  readonly rms: number;
  readonly r2: number | null;
  readonly rmseSec: number;
}

/** Judges the windows of a pass and fits the good ones together. @param of terms that are in, by index */
export const pooledWindows = (
  windows: readonly Omit<WindowFit, 'setAside'>[],
  of: readonly number[],
): PooledWindows => {
  const verdicts = judgedWindows(
    windows.map(({ sums }) => sums),
    (w) => fixedSecondsOf(windows[w].sums.windows),
  );
  const fitted = windows.map((window, w): WindowFit => ({ ...window, setAside: verdicts[w] }));
  const good = fitted.filter(({ setAside }) => setAside === null);
  // Where no window is good, the figures must say how bad they are together.
  const used = good.length > 0 ? good : fitted;
  const taken = used.flatMap(({ sums }) => sums.windows);
  if (taken.length === 0) throw tooFewClusters(0);
  const over = (read: (sums: WindowSums) => number): number => used.reduce((sum, { sums }) => sum + read(sums), 0);
  const rows = over((s) => s.rows - s.aside);
  const squares = over((s) => s.residualSquared);
  const total = over((s) => s.secondsSquared) - over((s) => s.seconds) ** 2 / Math.max(rows, 1);
  const typical = (read: (noise: WindowFit['noise']) => number): number =>
    medianOf(used.map(({ noise }) => read(noise)));
  return {
    coefficients: fitWithPriors(mergeWindows(taken), of).coefficients,
    windows: taken,
    fitted,
    noise: { step: typical((n) => n.step), prefill: typical((n) => n.prefill) },
    rms: Math.sqrt(over((s) => s.relativeSquared) / Math.max(rows, 1)),
    r2: total > 0 ? 1 - squares / total : null,
    rmseSec: Math.sqrt(squares / Math.max(rows, 1)),
  };
};

/** beta0 of a window by itself. */
const fixedSecondsOf = (windows: readonly StepWindow[]): number => {
  const fit = baseFit(windows);
  return fit === null ? 0 : fit.coefficients[fit.terms.indexOf(BASE_TERMS[0])];
};
