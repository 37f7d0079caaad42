import { mergeReduced, type ReducedRows } from '@stepclock/nnls-solver';
import { tQuantile } from '@stepclock/numerics';
import { carriedCovariance } from './carried-coefficients.js';
import type { ClusterRows } from './clusters.js';
import { freeCoefficients, residualSeconds, solved } from './refine.js';
import { reducedBlocks, rowBlocks } from './row-blocks.js';
import { betasOf, rowColumns, type StepBetas, type Width } from './row-fit.js';

/** Confidence intervals of the coefficients, s; `covariance` is of (beta0, beta1, beta2[, beta3]). */
export interface StepClockIntervals {
  readonly level: number;
  readonly beta0: readonly [number, number];
  readonly beta1: readonly [number, number];
  readonly beta2: readonly [number, number];
  readonly beta3?: readonly [number, number];
  readonly covariance: readonly (readonly number[])[];
  /** Blocks that were left out in turn. */
  readonly blocks: number;
}

/** A fit, and the blocks of its rows that are left out in turn. */
interface BlockedFit {
  readonly rows: ClusterRows;
  readonly width: Width;
  readonly weights: Float64Array;
  readonly beta: StepBetas;
  readonly blocks: readonly (readonly [number, number])[];
}

const MOST_BLOCKS = 40;
const FEWEST_BLOCKS = 10;

/**
 * Intervals from a delete-one-block jackknife: phases overlap and neighbouring rows share a boundary, so the unit is a
 * contiguous block of whole clusters. With G blocks, `cov = (G - 1)/G sum (b_-g - mean)(b_-g - mean)'`, and Student's t with
 * G - 1 degrees of freedom. Where one block carries a coefficient nearly alone, leaving it out tells nothing, and the covariance is
 * that of least squares. No coefficient is below zero, so no interval reaches there.
 *
 * Shao and Tu, The Jackknife and Bootstrap (1995), section 2.3. doi:10.1007/978-1-4612-0795-5
 *
 * @returns undefined with fewer than 10 blocks: too little to tell a spread from
 */
export const blockIntervals = (
  rows: ClusterRows,
  width: Width,
  weights: Float64Array,
  beta: StepBetas,
  level: number,
): StepClockIntervals | undefined => {
  const blocks = rowBlocks(rows, MOST_BLOCKS);
  const count = blocks.length;
  if (count < FEWEST_BLOCKS) return undefined;
  const fit: BlockedFit = { rows, width, weights, beta, blocks };
  const covariance = carried(fit) ?? jackknife(leftOut(fit), width);
  const factor = tQuantile((1 + level) / 2, count - 1);
  const interval = (i: number): readonly [number, number] => {
    const half = factor * Math.sqrt(covariance[i]?.[i] ?? 0);
    return [Math.max(0, beta[i] - half), beta[i] + half];
  };
  return {
    level,
    beta0: interval(0),
    beta1: interval(1),
    beta2: interval(2),
    ...(width === 4 && { beta3: interval(3) }),
    covariance,
    blocks: count,
  };
};

const jackknife = (left: readonly (readonly number[])[], width: Width): number[][] => {
  const count = left.length;
  const mean = Array.from({ length: width }, (_, i) => left.reduce((sum, b) => sum + b[i], 0) / count);
  return mean.map((mi, i) =>
    mean.map((mj, j) => {
      const sum = left.reduce((s, b) => s + (b[i] - mi) * (b[j] - mj), 0);
      return (sum * (count - 1)) / count;
    }),
  );
};

/** The covariance where one block carries a coefficient, away from the bound. */
const carried = ({ rows, width, weights, beta, blocks }: BlockedFit): number[][] | undefined => {
  if (freeCoefficients(beta, width).length < width) return undefined;
  // The longest row is the one that carries, if any does, and its clock may be off by a step.
  let lightest = Number.MAX_VALUE;
  let used = 0;
  for (const w of weights) {
    if (!(w > 0)) continue;
    used++;
    lightest = Math.min(lightest, w);
  }
  const parts = reducedBlocks(rowColumns(rows, width), residualSeconds(rows, beta), weights, blocks);
  return carriedCovariance(parts, used, lightest * beta[0] ** 2);
};

/** The coefficients without each block in turn. */
const leftOut = ({ rows, width, weights, beta, blocks }: BlockedFit): (readonly number[])[] => {
  const columns = rowColumns(rows, width);
  const without = (parts: readonly ReducedRows[], g: number): ReducedRows =>
    mergeReduced(parts.filter((_, h) => h !== g));
  // Away from the bound the changes are regressed on the residual, so that they keep their digits however small they are.
  if (freeCoefficients(beta, width).length === width) {
    const parts = reducedBlocks(columns, residualSeconds(rows, beta), weights, blocks);
    const moved = parts.map((_, g) => {
      const change = solved(without(parts, g));
      return change === undefined ? undefined : beta.slice(0, width).map((b, j) => b + change[j]);
    });
    if (moved.every((b) => b?.every((v) => v > 0))) return moved as number[][];
  }
  const parts = reducedBlocks(columns, rows.seconds, weights, blocks);
  return parts.map((_, g) => betasOf(without(parts, g)));
};
