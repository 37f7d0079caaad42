import { type NnlsResult, nnlsReduced, reduceRows } from '@stepclock/nnls-solver';
import { Matrix, SVD } from 'ml-matrix';
import { compensatedSum } from './compensated-sum.js';

/** beta0, beta1, beta2: s/step, s/token, s/token. */
export type BetaTriple = readonly [beta0: number, beta1: number, beta2: number];

/** The design of one regression, one row a phase: `T ~ beta0 N + beta1 A_pf + beta2 A_dec`. */
export interface DurationDesign {
  /** N, steps. */
  readonly steps: Float64Array;
  /** A_pf, tokens. */
  readonly prefillTokens: Float64Array;
  /** A_dec, tokens. */
  readonly decodeTokens: Float64Array;
}

/** The target of the regressions, with what is needed to judge them. */
export interface DurationTarget {
  /** T, seconds, clamped from below where asked. */
  readonly durationSec: Float64Array;
  readonly meanSec: number;
  /** `sum (T - mean)^2`; undefined where all durations are equal up to the rounding of their boundaries. */
  readonly totalSquares: number | undefined;
}

export interface DurationFit {
  readonly beta: BetaTriple;
  /** Share of the variance explained; null where all durations are equal. Negative where the mean explains more. */
  readonly r2: number | null;
  readonly rmseSeconds: number;
  /** Singular values of the design with columns of length 1 (0 for columns of zeros), descending. */
  readonly singularValues: readonly number[];
  readonly nnls: NnlsResult;
}

/**
 * The durations of phases, clamped from below.
 *
 * @param startSec start of each phase; the end must lie after it
 */
export const durationTarget = (
  startSec: Float64Array,
  endSec: Float64Array,
  minDurationSec: number,
): DurationTarget => {
  const n = startSec.length;
  const durationSec = new Float64Array(n);
  let latest = 0;
  for (let i = 0; i < n; i++) {
    const start = startSec[i] as number;
    const end = endSec[i] as number;
    durationSec[i] = Math.max(end - start, minDurationSec);
    latest = Math.max(latest, Math.abs(start), Math.abs(end));
  }
  const meanSec = compensatedSum(durationSec) / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += ((durationSec[i] as number) - meanSec) ** 2;
  // Each boundary is known to half a unit in its last place, so differences of that size are no differences.
  const rounding = 2 * Number.EPSILON * latest;
  return { durationSec, meanSec, totalSquares: squares > n * rounding * rounding ? squares : undefined };
};

/** Non-negative least squares of durations on a design: one QR pass over the rows. */
export const fitDurations = (design: DurationDesign, target: DurationTarget): DurationFit => {
  const { steps, prefillTokens, decodeTokens } = design;
  const reduced = reduceRows([steps, prefillTokens, decodeTokens], target.durationSec);
  const nnls = nnlsReduced(reduced);
  const [beta0 = 0, beta1 = 0, beta2 = 0] = nnls.x;
  const squares = nnls.residualNorm ** 2;
  return {
    beta: [beta0, beta1, beta2],
    r2: target.totalSquares === undefined ? null : 1 - squares / target.totalSquares,
    rmseSeconds: Math.sqrt(squares / reduced.rowCount),
    singularValues: unitSingularValues(reduced.r),
    nnls,
  };
};

const unitSingularValues = (r: Matrix): number[] => {
  const unit = Matrix.zeros(r.rows, r.columns);
  for (let j = 0; j < r.columns; j++) {
    const column = r.getColumn(j);
    const norm = Math.hypot(...column);
    unit.setColumn(j, norm === 0 ? column : column.map((v) => v / norm));
  }
  return new SVD(unit).diagonal;
};
