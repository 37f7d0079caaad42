import { type BlockSource, nnlsReduced, reduceBlocks } from '@stepclock/nnls-solver';
import { compensatedSum } from '@stepclock/numerics';
import { type Matrix, SVD } from 'ml-matrix';

/** beta0, beta1, beta2: s/step, s/token, s/token. */
export type BetaTriple = readonly [beta0: number, beta1: number, beta2: number];

/**
 * The design of one regression, `T ~ beta0 N + beta1 A_pf + beta2 A_dec`, one row a phase: writes the rows
 * `from <= i < to` into the first values of three columns (steps, prefill tokens, decode tokens).
 */
export type DurationDesign = BlockSource;

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
  /** Lengths of the design's three columns: 0 where nothing in the trace tells of a coefficient. */
  readonly columnNorms: readonly number[];
  /** Singular values of the design with columns of length 1 (0 for columns of zeros), descending. */
  readonly singularValues: readonly number[];
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
    const start = startSec[i];
    const end = endSec[i];
    durationSec[i] = Math.max(end - start, minDurationSec);
    latest = Math.max(latest, Math.abs(start), Math.abs(end));
  }
  const meanSec = compensatedSum(durationSec) / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (durationSec[i] - meanSec) ** 2;
  // Each boundary is known to half a unit in its last place, so differences of that size are no differences.
  const rounding = 2 * Number.EPSILON * latest;
  return { durationSec, meanSec, totalSquares: squares > n * rounding * rounding ? squares : undefined };
};

/** Non-negative least squares of durations on a design: one QR pass over the rows, which never stand in memory together. */
export const fitDurations = (design: DurationDesign, target: DurationTarget): DurationFit => {
  const { durationSec, totalSquares } = target;
  const reduced = reduceBlocks(3, durationSec.length, (from, to, columns) => {
    design(from, to, columns);
    columns[3]?.set(durationSec.subarray(from, to));
  });
  const nnls = nnlsReduced(reduced);
  const [beta0 = 0, beta1 = 0, beta2 = 0] = nnls.x;
  const squares = nnls.residualNorm ** 2;
  const columnNorms = [0, 1, 2].map((j) => Math.hypot(...reduced.r.getColumn(j)));
  return {
    beta: [beta0, beta1, beta2],
    r2: totalSquares === undefined ? null : 1 - squares / totalSquares,
    rmseSeconds: Math.sqrt(squares / reduced.rowCount),
    columnNorms,
    singularValues: unitSingularValues(reduced.r, columnNorms),
  };
};

const unitSingularValues = (r: Matrix, columnNorms: readonly number[]): number[] => {
  const unit = r.clone();
  for (const [j, norm] of columnNorms.entries()) if (norm > 0) unit.mulColumn(j, 1 / norm);
  return new SVD(unit).diagonal;
};
